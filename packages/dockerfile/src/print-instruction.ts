import { asHeredocHead } from './heredoc.js';
import type {
  AddInstruction,
  CommandLine,
  CopyInstruction,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  RunInstruction,
} from './instruction.js';
import { readJsonArray } from './json-array.js';
import type { Mount } from './mount.js';

export interface PrintOptions {
  /** The escape character of the file that it is to stand in; `\` by default. */
  readonly escape?: '\\' | '`';
}

/**
 * Prints one instruction on one line (and the lines of its heredocs), without a line end. Words are printed as they
 * were written, so that parsing the result gives the same instruction; print before expanding, not after.
 */
export function printInstruction(instruction: Instruction, options: PrintOptions = {}): string {
  const flag: FlagPrinter = (name, value) => `--${name}=${quoteFlag(value, options.escape ?? '\\')}`;
  const parts = argumentsOf(instruction, flag, options).filter(part => part !== '');
  return [instruction.keyword, ...parts].join(' ');
}

type FlagPrinter = (name: string, value: string) => string;

function argumentsOf(instruction: Instruction, flag: FlagPrinter, options: PrintOptions): readonly string[] {
  switch (instruction.keyword) {
    case 'FROM':
      return fromParts(instruction, flag);
    case 'RUN':
      return runParts(instruction, flag);
    case 'COPY':
    case 'ADD':
      return transferParts(instruction, flag);
    case 'CMD':
    case 'ENTRYPOINT':
      return [commandText(instruction.command)];
    case 'ENV':
    case 'LABEL':
      return instruction.entries.map(({ key, value, legacy }) => `${key.value}${legacy ? ' ' : '='}${value.value}`);
    case 'ARG':
      return instruction.args.map(arg => (arg.default === undefined ? arg.name : `${arg.name}=${arg.default.value}`));
    case 'EXPOSE':
      return instruction.ports.map(port => port.value);
    case 'VOLUME':
      return [wordList(instruction.paths.map(path => path.value))];
    case 'USER':
      return [instruction.user.value];
    case 'WORKDIR':
      return [instruction.path.value];
    case 'STOPSIGNAL':
      return [instruction.signal.value];
    case 'HEALTHCHECK':
      return healthcheckParts(instruction, flag);
    case 'SHELL':
      return [JSON.stringify(instruction.shell)];
    case 'MAINTAINER':
      return [instruction.name];
    case 'ONBUILD':
      return [printInstruction(instruction.trigger, options)];
  }
}

function fromParts({ platform, image, stageName }: FromInstruction, flag: FlagPrinter): readonly string[] {
  return [
    platform === undefined ? '' : flag('platform', platform.value),
    image.value,
    stageName === undefined ? '' : `AS ${stageName.value}`,
  ];
}

function runParts(run: RunInstruction, flag: FlagPrinter): readonly string[] {
  return [
    ...run.mounts.map(mount => flag('mount', mountText(mount))),
    run.network === undefined ? '' : flag('network', run.network),
    run.security === undefined ? '' : flag('security', run.security),
    commandText(run.command) + heredocText(run.heredocs),
  ];
}

function transferParts(transfer: CopyInstruction | AddInstruction, flag: FlagPrinter): readonly string[] {
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
  const heads = transfer.heredocs.map(heredocHead);
  const words = [...transfer.sources.map(source => source.value), ...heads, transfer.destination.value];
  return [
    ...own,
    optional('chown', transfer.chown?.value),
    optional('chmod', transfer.chmod?.value),
    transfer.link ? '--link' : '',
    ...transfer.excludes.map(exclude => flag('exclude', exclude.value)),
    (heads.length > 0 ? words.join(' ') : wordList(words)) + heredocText(transfer.heredocs),
  ];
}

/** `<<NAME`, quoted when the body is not to be expanded or the name would not read as it is. */
function heredocHead({ name, expand, chomp, fd }: Heredoc): string {
  const quoted = expand ? name.replace(/[\\$'"]/g, '\\$&') : `"${name.replace(/[\\$"]/g, '\\$&')}"`;
  return `${fd === 0 ? '' : fd}<<${chomp ? '-' : ''}${quoted}`;
}

function heredocText(heredocs: readonly Heredoc[]): string {
  return heredocs.map(({ source, name }) => `\n${source}${name}`).join('');
}

function healthcheckParts(check: HealthcheckInstruction, flag: FlagPrinter): readonly string[] {
  const [type, ...args] = check.test;
  if (type === 'NONE') return ['NONE'];
  const duration = (name: string, value: number | undefined): string =>
    value === undefined ? '' : flag(name, durationText(value));
  return [
    duration('interval', check.interval),
    duration('timeout', check.timeout),
    duration('start-period', check.startPeriod),
    duration('start-interval', check.startInterval),
    check.retries === undefined ? '' : flag('retries', String(check.retries)),
    'CMD',
    type === 'CMD' ? JSON.stringify(args) : args.join(' '),
  ];
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
