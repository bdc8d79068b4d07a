import { asHeredocHead } from './heredoc.js';
import type {
  AddInstruction,
  CommandLine,
  CopyInstruction,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  KeyValue,
} from './instruction.js';
import { readJsonArray } from './json-array.js';
import type { Mount } from './mount.js';
import { trim } from './text.js';

export interface PrintOptions {
  /** The escape character of the file that it is to stand in; `\` by default. */
  readonly escape?: '\\' | '`';
}

/**
 * Prints one instruction on one line (and the lines of its heredocs), without a line end. Words are printed as they
 * were written, so that parsing the result gives the same instruction; print before expanding, not after.
 */
export function printInstruction(instruction: Instruction, options: PrintOptions = {}): string {
  const { escape: escapeChar = '\\' } = options;
  const flag: FlagPrinter = (name, value) => `--${name}=${quoteFlag(value, escapeChar)}`;
  const flags = flagsOf(instruction, flag).filter(part => part !== '');
  const text = argumentsOf(instruction, options);
  // a lone -- ends the flags, so that what follows is none
  const parts = [
    instruction.keyword,
    ...flags,
    ...(text.startsWith('--') ? ['--'] : []),
    ...(text === '' ? [] : [text]),
  ];
  const [line = '', ...bodies] = parts.join(' ').split('\n');
  return [endLine(line, escapeChar), ...bodies].join('\n');
}

/** A line that the escape character at its end does not continue: a form feed is cut off as other white space is, but later. */
function endLine(line: string, escapeChar: string): string {
  return line.endsWith(escapeChar) && !line.endsWith(escapeChar + escapeChar) ? `${line}\f` : line;
}

type FlagPrinter = (name: string, value: string) => string;

function argumentsOf(instruction: Instruction, options: PrintOptions): string {
  switch (instruction.keyword) {
    case 'FROM':
      return fromText(instruction);
    case 'RUN':
      return commandText(instruction.command) + heredocText(instruction.heredocs);
    case 'COPY':
    case 'ADD':
      return transferText(instruction);
    case 'CMD':
    case 'ENTRYPOINT':
      return commandText(instruction.command);
    case 'ENV':
    case 'LABEL':
      return instruction.entries.map(entry => entryText(entry, options)).join(' ');
    case 'ARG':
      return instruction.args
        .map(arg => (arg.default === undefined ? arg.name : `${arg.name}=${arg.default.value}`))
        .join(' ');
    case 'EXPOSE':
      return portsInOrder(instruction.ports.map(port => port.value)).join(' ');
    case 'VOLUME':
      return wordList(instruction.paths.map(path => path.value));
    case 'USER':
      return instruction.user.value;
    case 'WORKDIR':
      return instruction.path.value;
    case 'STOPSIGNAL':
      return instruction.signal.value;
    case 'HEALTHCHECK':
      return healthcheckText(instruction);
    case 'SHELL':
      return JSON.stringify(instruction.shell);
    case 'MAINTAINER':
      return instruction.name;
    case 'ONBUILD':
      return printInstruction(instruction.trigger, options);
  }
}

/** Of a key that ends with the escape character the first blank after it is a part, where it is read whether there is a `=`. */
function entryText({ key, value, legacy }: KeyValue, { escape: escapeChar = '\\' }: PrintOptions): string {
  const separator = key.value.endsWith(escapeChar) ? '  ' : ' ';
  return `${key.value}${legacy ? separator : '='}${value.value}`;
}

/** Ports in an order in which the text neither begins nor ends with white space, which would be cut off; reading sorts them. */
function portsInOrder(ports: readonly string[]): readonly string[] {
  if (ports.every(port => port === trim(port))) return ports;
  for (const [at, last] of ports.entries()) {
    const others = ports.toSpliced(at, 1);
    const begin = others.findIndex(port => trim(`${port}x`) === `${port}x`);
    if (begin >= 0 && trim(`x${last}`) === `x${last}`) return [...others.splice(begin, 1), ...others, last];
  }
  return ports;
}

function flagsOf(instruction: Instruction, flag: FlagPrinter): readonly string[] {
  switch (instruction.keyword) {
    case 'FROM':
      return [instruction.platform === undefined ? '' : flag('platform', instruction.platform.value)];
    case 'RUN':
      return [
        ...instruction.mounts.map(mount => flag('mount', mountText(mount))),
        instruction.network === undefined ? '' : flag('network', instruction.network),
        instruction.security === undefined ? '' : flag('security', instruction.security),
      ];
    case 'COPY':
    case 'ADD':
      return transferFlags(instruction, flag);
    case 'HEALTHCHECK':
      return healthcheckFlags(instruction, flag);
    default:
      return [];
  }
}

function fromText({ image, stageName }: FromInstruction): string {
  return stageName === undefined ? image.value : `${image.value} AS ${stageName.value}`;
}

function transferFlags(transfer: CopyInstruction | AddInstruction, flag: FlagPrinter): readonly string[] {
  const optional = (name: string, value: string | boolean | undefined): string =>
    value === undefined ? '' : flag(name, String(value));
  const own =
    transfer.keyword === 'COPY'
      ? [optional('from', transfer.from?.value), transfer.parents ? '--parents' : '']
      : [
          optional('checksum', transfer.checksum?.value),
          optional('keep-git-dir', transfer.keepGitDir),
          optional('unpack', transfer.unpack),
        ];
  return [
    ...own,
    optional('chown', transfer.chown?.value),
    optional('chmod', transfer.chmod?.value),
    transfer.link ? '--link' : '',
    ...transfer.excludes.map(exclude => flag('exclude', exclude.value)),
  ];
}

function transferText(transfer: CopyInstruction | AddInstruction): string {
  const words = [...transfer.sources, transfer.destination].map(word => word.value);
  if (transfer.heredocs.length === 0) return wordList(words);
  // before all quotes, which may reach over several words
  return [...transfer.heredocs.map(heredocHead), ...words].join(' ') + heredocText(transfer.heredocs);
}

/** `<<NAME`, quoted when the body is not to be expanded or the name would not read as it is. */
function heredocHead({ name, expand, chomp, fd }: Heredoc): string {
  const quoted = expand ? name.replace(/[\\$'"]/g, '\\$&') : `"${name.replace(/[\\$"]/g, '\\$&')}"`;
  return `${fd === 0 ? '' : fd}<<${chomp ? '-' : ''}${quoted}`;
}

function heredocText(heredocs: readonly Heredoc[]): string {
  return heredocs.map(({ source, name }) => `\n${source}${name}`).join('');
}

function healthcheckFlags(check: HealthcheckInstruction, flag: FlagPrinter): readonly string[] {
  const duration = (name: string, value: number | undefined): string =>
    value === undefined ? '' : flag(name, durationText(value));
  return [
    duration('interval', check.interval),
    duration('timeout', check.timeout),
    duration('start-period', check.startPeriod),
    duration('start-interval', check.startInterval),
    check.retries === undefined ? '' : flag('retries', String(check.retries)),
  ];
}

function healthcheckText({ test: [type, ...args] }: HealthcheckInstruction): string {
  if (type === 'NONE') return 'NONE';
  return `CMD ${type === 'CMD' ? JSON.stringify(args) : args.join(' ')}`;
}

function durationText(nanoseconds: number): string {
  if (nanoseconds % 1_000_000_000 === 0) return `${nanoseconds / 1_000_000_000}s`;
  return nanoseconds % 1_000_000 === 0 ? `${nanoseconds / 1_000_000}ms` : `${nanoseconds}ns`;
}

function commandText(command: CommandLine): string {
  return command.form === 'exec' ? JSON.stringify(command.args) : command.script;
}

/** Words with blanks between, or a JSON array where they would be read as something else. */
function wordList(words: readonly string[]): string {
  const text = words.join(' ');
  const plain =
    words.every(word => /^[^\t\n\v\f\r ]+$/.test(word) && asHeredocHead(word) === undefined) &&
    !text.startsWith('--') &&
    text === text.trim() &&
    !text.endsWith('\\') &&
    !text.endsWith('`') &&
    readJsonArray(text).kind === 'none';
  return plain ? text : JSON.stringify(words);
}

function mountText(mount: Mount): string {
  const fields = mount.options.map(({ key, value }) => {
    const text = value === undefined ? key.value : `${key.value}=${value.value}`;
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return fields.join(',');
}

/** The value of a flag so that flag reading, which knows both quotes and escapes, gives it back. */
function quoteFlag(value: string, escapeChar: '\\' | '`'): string {
  if (!/[\s'"\\`]/.test(value)) return value;
  return `"${Array.from(value, character => (character === '"' || character === escapeChar ? escapeChar + character : character)).join('')}"`;
}
