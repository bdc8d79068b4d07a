import { DockerfileError } from '../errors.js';
import type { CmdInstruction, CommandLine, EntrypointInstruction, ShellInstruction } from '../instruction.js';
import type { Statement } from '../statement.js';
import { atLeastOne } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';

/** The command of RUN, CMD, ENTRYPOINT and HEALTHCHECK; `skip` words belong to something else. */
export function commandLine(statement: Statement, skip = 0): CommandLine {
  const args = statement.words.slice(skip).map(word => word.value);
  return statement.json ? { form: 'exec', args } : { form: 'shell', script: args.join(' ') };
}

/** CMD command */
export function buildCmd(statement: Statement): CmdInstruction {
  flagsOf(statement);
  return { keyword: 'CMD', ...baseOf(statement), command: commandLine(statement) };
}

/** ENTRYPOINT command */
export function buildEntrypoint(statement: Statement): EntrypointInstruction {
  flagsOf(statement);
  return { keyword: 'ENTRYPOINT', ...baseOf(statement), command: commandLine(statement) };
}

/** SHELL ["program", "argument"…] */
export function buildShell(statement: Statement): ShellInstruction {
  flagsOf(statement);
  const words = atLeastOne(statement);
  if (!statement.json) {
    throw new DockerfileError(
      'E_JSON_REQUIRED',
      'SHELL wants a JSON array',
      words[0]?.range ?? statement.range,
      'write SHELL ["program", "argument"] with double quotes',
    );
  }
  return { keyword: 'SHELL', ...baseOf(statement), shell: words.map(word => word.value) };
}
