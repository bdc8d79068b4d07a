import { DockerfileError } from '../errors.js';
import type { FlagKind } from '../flags.js';
import { asHeredocHead } from '../heredoc.js';
import type { CommandLine, Heredoc, RunExecution, RunInstruction } from '../instruction.js';
import { readMount } from '../mount-options.js';
import { didYouMean } from '../nearest.js';
import type { Word } from '../source.js';
import type { Statement } from '../statement.js';
import { countError } from './argument-count.js';
import { type BuildContext, baseOf, flagsOf } from './base.js';
import { commandLine } from './command.js';
import { checkFileName } from './heredoc-file.js';

const flags: Readonly<Record<string, FlagKind>> = { mount: 'values', network: 'value', security: 'value' };
const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

/** RUN [--mount=…]… [--network=…] [--security=…] command */
export function buildRun(statement: Statement, { escapeChar }: BuildContext): RunInstruction {
  const given = flagsOf(statement, flags);
  const mounts = given.values('mount').map(flag => readMount(flag, escapeChar));
  const network = given.value('network');
  const security = given.value('security');
  const command = commandLine(statement);
  if (command.form === 'exec' && command.args.length === 0) {
    throw countError(statement, 'RUN wants a command', 'name a program in the array');
  }
  return {
    keyword: 'RUN',
    ...baseOf(statement),
    command,
    heredocs: statement.heredocs,
    execution: executionOf(command, statement.heredocs),
    mounts,
    ...(network === undefined ? {} : { network: oneOf(network, networks, '--network') }),
    ...(security === undefined ? {} : { security: oneOf(security, securities, '--security') }),
  };
}

function oneOf<T extends string>(word: Word, known: readonly T[], flag: string): T {
  const value = known.find(candidate => candidate === word.value);
  if (value !== undefined) return value;
  const hint = didYouMean(word.value, known) ?? `known: ${known.join(', ')}`;
  const message = `${JSON.stringify(word.value)} is no value for ${flag}`;
  throw new DockerfileError('E_BAD_FLAG_VALUE', message, word.range, hint);
}

function executionOf(command: CommandLine, heredocs: readonly Heredoc[]): RunExecution {
  if (command.form === 'exec') return { kind: 'exec', args: command.args };
  const [first] = heredocs;
  if (first === undefined) return { kind: 'shell', script: command.script };
  if (asHeredocHead(command.script) !== undefined) {
    const { name, content } = first;
    if (!content.startsWith('#!')) return { kind: 'shell', script: content };
    checkFileName(first);
    return { kind: 'file', name, content };
  }
  const bodies = heredocs.map(heredoc => `\n${heredoc.source}${heredoc.name}`);
  return { kind: 'shell', script: command.script + bodies.join('') };
}
