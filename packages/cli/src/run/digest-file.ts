import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { BuildResult } from '@varve/engine';
import { codeOf, formatRepository, parseReference, writeFileAtomic } from '@varve/oci';
import { CliError } from '../errors/cli-error.js';
import type { DigestFiles } from '../options/build-options.js';

/** A file that a flag names. */
export interface NamedFile {
  /** With its dashes. */
  readonly flag: string;
  readonly file: string;
}

/**
 * Looks whether files could be written, before there is anything to write: what they are for is not to be done in vain.
 * Errors: `E_BAD_FLAGS`.
 */
export async function requireWritable(files: readonly NamedFile[], cwd: string): Promise<void> {
  for (const { flag, file } of files) {
    const path = resolve(cwd, file);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw unwritable({ flag, file }, { code: 'EISDIR' });
    const folder = found === undefined || found.isFile() ? [dirname(path)] : [];
    const tried = await Promise.allSettled(
      [...folder, ...(found === undefined ? [] : [path])].map(place => access(place, constants.W_OK)),
    );
    const [first] = tried;
    if (first?.status === 'rejected' && tried.every(({ status }) => status === 'rejected'))
      throw unwritable({ flag, file }, first.reason);
  }
}

/**
 * Writes lines to the file that a flag names: whole or not at all, but for one that cannot be replaced since it is a device or mounted
 * there, such as /dev/termination-log in a pod. One line stands without a line end, as `--iidfile` of Docker has it.
 * Errors: `E_BAD_FLAGS` where it cannot be written.
 */
export async function writeLines({ flag, file }: NamedFile, cwd: string, lines: readonly string[]): Promise<void> {
  const path = resolve(cwd, file);
  const text = lines.join('\n');
  try {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && !found.isFile()) return await writeFile(path, text);
    await writeFileAtomic(path, text).catch(async error => {
      if (found === undefined) throw error;
      await writeFile(path, text);
    });
  } catch (cause) {
    throw unwritable({ flag, file }, cause);
  }
}

function unwritable({ flag, file }: NamedFile, cause: unknown): CliError {
  return new CliError('E_BAD_FLAGS', `${flag} ${file}: it cannot be written (${codeOf(cause) ?? 'unknown'})`, {
    hint: 'check that its folder exists and is yours to write to',
    cause,
  });
}

/** Writes the files of `--digest-file` and `--image-name-with-digest-file` after a build. Errors: `E_BAD_FLAGS`. */
export async function writeDigestFiles(files: DigestFiles, result: BuildResult, cwd: string): Promise<void> {
  const { digest, names } = files;
  if (digest !== undefined) await writeLines({ flag: '--digest-file', file: digest }, cwd, [result.digest]);
  if (names === undefined) return;
  const pushed = result.exports.filter(({ exporter }) => exporter === 'registry');
  const lines = pushed.map(each => `${formatRepository(parseReference(each.target))}@${each.digest}`);
  await writeLines({ flag: '--image-name-with-digest-file', file: names }, cwd, [...new Set(lines)]);
}
