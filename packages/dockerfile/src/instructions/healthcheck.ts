import { DockerfileError } from '../errors.js';
import type { FlagKind, FlagSet } from '../flags.js';
import { parseDuration } from '../go-values.js';
import type { HealthcheckInstruction } from '../instruction.js';
import { didYouMean } from '../nearest.js';
import type { Statement } from '../statement.js';
import { atLeastOne, countError } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';
import { commandLine } from './command.js';

const flags: Readonly<Record<string, FlagKind>> = {
  interval: 'value',
  timeout: 'value',
  'start-period': 'value',
  'start-interval': 'value',
  retries: 'value',
};
const millisecond = 1_000_000;

/** HEALTHCHECK [flags] CMD command, or HEALTHCHECK NONE */
export function buildHealthcheck(statement: Statement): HealthcheckInstruction {
  const given = flagsOf(statement, flags);
  const [type] = atLeastOne(statement);
  const kind = type?.value.toUpperCase();
  if (type === undefined || (kind !== 'CMD' && kind !== 'NONE')) {
    const written = type?.value ?? '';
    const hint = didYouMean(written, ['CMD', 'NONE']) ?? 'write HEALTHCHECK CMD <command> or HEALTHCHECK NONE';
    const message = `HEALTHCHECK has no type ${JSON.stringify(written)}`;
    throw new DockerfileError('E_BAD_ARGUMENT', message, type?.range ?? statement.range, hint);
  }
  if (kind === 'NONE') {
    if (statement.words.length > 1 || statement.json) {
      throw countError(statement, 'HEALTHCHECK NONE takes no arguments', 'drop what follows NONE');
    }
    return { keyword: 'HEALTHCHECK', ...baseOf(statement), test: ['NONE'] };
  }
  const command = commandLine(statement, 1);
  const empty = command.form === 'exec' ? command.args.length === 0 : command.script === '';
  if (empty) throw countError(statement, 'a command must follow HEALTHCHECK CMD');
  return {
    keyword: 'HEALTHCHECK',
    ...baseOf(statement),
    test: command.form === 'exec' ? ['CMD', ...command.args] : ['CMD-SHELL', command.script],
    ...duration('interval', 'interval', given),
    ...duration('timeout', 'timeout', given),
    ...duration('startPeriod', 'start-period', given),
    ...duration('startInterval', 'start-interval', given),
    ...retriesOf(given),
  };
}

function duration<K extends string>(key: K, flag: string, given: FlagSet): { readonly [key in K]?: number } {
  const word = given.value(flag);
  if (word === undefined || word.value === '') return {};
  const value = parseDuration(word.value);
  if (value === undefined) {
    const message = `${JSON.stringify(word.value)} is no duration`;
    throw new DockerfileError('E_BAD_FLAG_VALUE', message, word.range, 'write a number and a unit: 30s, 1m30s, 500ms');
  }
  if (value === 0) return {};
  if (value < millisecond) {
    throw new DockerfileError('E_BAD_FLAG_VALUE', `--${flag} cannot be less than 1ms`, word.range, 'write 0 or 1ms');
  }
  return { [key]: value } as { readonly [key in K]: number };
}

function retriesOf(given: FlagSet): { readonly retries?: number } {
  const word = given.value('retries');
  if (word === undefined || word.value === '') return {};
  const retries = /^[-+]?\d+$/.test(word.value) ? Number(word.value) : Number.NaN;
  if (!(retries >= 0 && retries <= 0x7fffffff)) {
    const message = `--retries is a number from 0 on, not ${JSON.stringify(word.value)}`;
    throw new DockerfileError('E_BAD_FLAG_VALUE', message, word.range);
  }
  return retries === 0 ? {} : { retries };
}
