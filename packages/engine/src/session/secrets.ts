import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf, VarveError, type VarveErrorDetails } from '../model/error.js';
import type { BuildOptions } from '../model/options.js';

/** The size that BuildKit takes at most. */
const largestSecret = 500 * 1024;

/** A secret of the build; undefined where it was not given, or its variable is not set. Errors: `E_SECRET_MISSING`, `E_VALUE_INVALID`. */
export async function givenSecret(
  options: BuildOptions,
  id: string,
  place: Pick<VarveErrorDetails, 'where'> = {},
): Promise<Uint8Array | undefined> {
  const given = options.secrets?.find(secret => secret.id === id);
  if (given?.from.kind === 'file') return readSecret(id, resolve(options.cwd, given.from.path), place);
  const value = given ? options.env[given.from.name] : undefined;
  return value === undefined ? undefined : checkSecret(id, Buffer.from(value), place);
}

async function readSecret(id: string, path: string, place: VarveErrorDetails): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > largestSecret) return checkSecret(id, { length: size } as Uint8Array, place);
    return checkSecret(id, await readFile(path), place);
  } catch (cause) {
    if (cause instanceof VarveError) throw cause;
    throw new VarveError('E_SECRET_MISSING', `the file of the secret "${id}" cannot be read (${codeOf(cause)})`, {
      hint: `check ${path}, which --secret names`,
      ...place,
    });
  }
}

function checkSecret(id: string, content: Uint8Array, place: VarveErrorDetails): Uint8Array {
  if (content.length <= largestSecret) return content;
  throw new VarveError('E_VALUE_INVALID', `the secret "${id}" is larger than ${largestSecret} bytes`, {
    hint: 'give large files with --build-context and a bind mount',
    ...place,
  });
}
