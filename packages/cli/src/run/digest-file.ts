import { resolve } from 'node:path';
import { codeOf, writeFileAtomic } from '@varve/oci';
import { CliError } from '../errors/cli-error.js';

/**
 * Writes lines to the file that a flag names, whole or not at all. One line stands without a line end, as `--iidfile` of Docker has it.
 * Errors: `E_BAD_FLAGS` where it cannot be written.
 */
export async function writeLines(
  flag: string,
  { file, cwd }: { readonly file: string; readonly cwd: string },
  lines: readonly string[],
): Promise<void> {
  try {
    await writeFileAtomic(resolve(cwd, file), lines.join('\n'));
  } catch (cause) {
    throw new CliError('E_BAD_FLAGS', `${flag} ${file}: it cannot be written (${codeOf(cause) ?? 'unknown'})`, {
      hint: 'check that its folder exists and is yours to write to',
      cause,
    });
  }
}
