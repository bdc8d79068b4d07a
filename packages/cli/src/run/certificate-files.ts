import { readFile } from 'node:fs/promises';
import type { RegistrySettings } from '@varve/oci';
import { codeOf } from '@varve/oci';
import { Problems } from '../options/problems.js';

/**
 * Looks whether the files of `--registry-certificate` and `--registry-client-cert` are there and hold PEM: a wrong path is to be found before a
 * build, not at its end. Errors: `E_BAD_FLAGS` with all that is wrong.
 */
export async function requireCertificateFiles({ certFiles = {} }: RegistrySettings): Promise<void> {
  const problems = new Problems();
  for (const { ca = [], cert, key } of Object.values(certFiles)) {
    for (const file of ca) await check('--registry-certificate', file, problems);
    for (const file of [cert, key]) if (file !== undefined) await check('--registry-client-cert', file, problems);
  }
  problems.throwIfAny();
}

async function check(flag: string, file: string, problems: Problems): Promise<void> {
  try {
    const text = await readFile(file, 'utf8');
    if (!text.includes('-----BEGIN ')) problems.add(flag, 'the file holds no PEM text', file);
  } catch (error) {
    problems.add(flag, `the file cannot be read (${codeOf(error) ?? 'unknown'})`, file);
  }
}
