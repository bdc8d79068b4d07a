import { CliError } from '../errors/cli-error.js';
import { nearest } from '../show/nearest.js';

/** oclif's `command_not_found` hook. Errors: `E_UNKNOWN_COMMAND`, with the nearest command. */
export default async function commandNotFound(options: {
  readonly id: string;
  readonly config: { readonly commandIDs: readonly string[] };
}): Promise<never> {
  throw unknownCommand(options.id, options.config.commandIDs);
}

/** @param id what was typed, words joined with `:`, arguments among them */
export function unknownCommand(id: string, known: readonly string[]): CliError {
  const words = id.split(':');
  const two = words.slice(0, 2).join(' ');
  const names = known.map(name => name.replaceAll(':', ' '));
  const near = nearest(two, names) ?? nearest(words[0] ?? '', names);
  const typed = names.some(name => name.startsWith(`${words[0]} `)) ? two : (words[0] ?? '');
  const hint = near === undefined ? 'varve --help lists what there is' : `did you mean varve ${near}?`;
  return new CliError('E_UNKNOWN_COMMAND', `there is no command ${typed}`, { hint });
}
