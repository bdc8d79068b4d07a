import { resolve } from 'node:path';
import type { BuildResult } from '@varve/engine';
import { codeOf, formatRepository, parseReference, writeFileAtomic } from '@varve/oci';
import { CliError } from '../errors/cli-error.js';
import type { DigestFiles } from '../options/build-options.js';

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

/** Writes the files of `--digest-file` and `--image-name-with-digest-file` after a build. Errors: `E_BAD_FLAGS`. */
export async function writeDigestFiles(files: DigestFiles, result: BuildResult, cwd: string): Promise<void> {
  const { digest, names } = files;
  if (digest !== undefined) await writeLines('--digest-file', { file: digest, cwd }, [result.digest]);
  if (names === undefined) return;
  const pushed = result.exports.filter(({ exporter }) => exporter === 'registry');
  const lines = pushed.map(each => `${formatRepository(parseReference(each.target))}@${each.digest}`);
  await writeLines('--image-name-with-digest-file', { file: names, cwd }, [...new Set(lines)]);
}
