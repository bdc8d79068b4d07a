import { flagGroups } from '../flags/flag-spec.js';
import type { Paint } from '../terminal/colour.js';
import { section, twoColumns, wrapText } from './layout.js';

/** A command as oclif's manifest describes it, as far as help needs it. */
export interface HelpCommand {
  readonly id: string;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly examples?: readonly unknown[] | undefined;
  readonly args: Readonly<Record<string, HelpArg>>;
  readonly flags: Readonly<Record<string, HelpFlag>>;
}

export interface HelpArg {
  readonly name: string;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  /** It may be given several times. */
  readonly multiple?: boolean | undefined;
}

export interface HelpFlag {
  readonly name: string;
  readonly char?: string | undefined;
  readonly summary?: string | undefined;
  readonly helpGroup?: string | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
}

/** Help for one command: what it is for, how it is called, examples, then everything else. */
export function commandHelp(command: HelpCommand, width: number, paint: Paint): string {
  const name = `varve ${command.id.replaceAll(':', ' ')}`;
  const args = Object.values(command.args);
  const flags = Object.values(command.flags);
  const usage = [name, ...args.map(argUsage), ...(flags.length > 0 ? ['[FLAGS]'] : [])].join(' ');
  const rows = args.map(arg => [arg.name.toUpperCase(), arg.description ?? ''] as const);
  const sections = [
    command.summary ?? '',
    section('Usage', [`  ${usage}`], paint),
    section('Examples', exampleLines(command.examples ?? [], width, paint), paint),
    section('Arguments', twoColumns(rows, width), paint),
    section('Description', wrapText(command.description ?? '', width, 2), paint),
    ...flagSections(flags, width, paint),
  ];
  return `${sections.filter(text => text !== '').join('\n\n')}\n`;
}

function argUsage(arg: HelpArg): string {
  const name = `${arg.name.toUpperCase()}${arg.multiple === true ? '…' : ''}`;
  return arg.required === true ? name : `[${name}]`;
}

function exampleLines(examples: readonly unknown[], width: number, paint: Paint): readonly string[] {
  return examples.flatMap((example, index) => {
    const { description, command } = example as { readonly description: string; readonly command: string };
    const lines = [
      ...wrapText(`${description}:`, width, 2),
      `    ${paint.dim('$')} ${command.replaceAll('<%= config.bin %>', 'varve')}`,
    ];
    return index === 0 ? lines : ['', ...lines];
  });
}

function flagSections(flags: readonly HelpFlag[], width: number, paint: Paint): readonly string[] {
  return flagGroups.map(group => {
    const rows = flags
      .filter(flag => flag.helpGroup === group)
      .map(flag => [flagLabel(flag), flag.summary ?? ''] as const);
    return section(group, twoColumns(rows, width), paint);
  });
}

/** `-f, --file FILE`; flags without a letter keep its room. */
function flagLabel(flag: HelpFlag): string {
  const letter = flag.char === undefined ? '    ' : `-${flag.char}, `;
  const value = flag.helpValue === undefined ? '' : ` ${String(flag.helpValue)}`;
  return `${letter}--${flag.name}${value}`;
}
