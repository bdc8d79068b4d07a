import type { FlagSpec } from '../flags/flag-spec.js';
import { didYouMean } from '../show/nearest.js';
import { CliError } from './cli-error.js';

/** What oclif's parser threw, in our words. What is no failure to parse is given back as it is. */
export function parseFailure(error: unknown, specs: readonly FlagSpec[], command: string): unknown {
  if (!(error instanceof Error) || !('oclif' in error)) return error;
  const help = `varve ${command} --help lists what there is`;
  if ('flags' in error && Array.isArray(error.flags)) return unknownFlags(error.flags.map(String), specs, help);
  const message = sentence(error.message);
  if ('args' in error && Array.isArray(error.args)) {
    const unexpected = error.args.every(arg => typeof arg === 'string');
    if (unexpected) return unexpectedArguments(error.args.map(String), help);
    const names = error.args.map(arg => String((arg as { readonly name?: unknown }).name).toUpperCase());
    return new CliError('E_USAGE', `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing`, {
      hint: help,
    });
  }
  return new CliError('E_USAGE', message, { hint: help });
}

function unknownFlags(flags: readonly string[], specs: readonly FlagSpec[], help: string): CliError {
  const names = specs.map(spec => `--${spec.name}`);
  const [first = ''] = flags;
  const name = first.replace(/=.*$/s, '');
  // Without what is stuck to it: `-pPASSWORD` is not to be repeated.
  const said = flags.map(flag => flag.replace(/=.*$/s, '').replace(/^(-[^-]).*$/s, '$1')).join(', ');
  const hint = didYouMean(name, names) ?? help;
  return new CliError('E_NO_SUCH_FLAG', `there is no flag ${said}`, { hint });
}

function unexpectedArguments(args: readonly string[], help: string): CliError {
  const more = args.length === 1 ? 'one argument too many' : `${args.length} arguments too many`;
  return new CliError('E_USAGE', `${more}: ${args.join(' ')}`, {
    hint: `flags take their values as --flag VALUE; ${help}`,
  });
}

/** oclif's message without its advice. */
function sentence(message: string): string {
  return message
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^Flag /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}
