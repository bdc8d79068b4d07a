import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Secrets by what they are for. */
export type Secrets = Readonly<Record<string, string>>;

/** Which of the secrets a text or bytes hold: as they are, or as base64 of themselves or of `NAME:SECRET`, wherever it begins. */
export function secretsIn(bytes: Uint8Array | string, secrets: Secrets): string[] {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [secret, ...encodings(secret)].some(form => text.includes(form)) ? [name] : [],
  );
}

/** Files below a folder, gzip unpacked besides, that hold a secret: `what: path`. */
export function filesWithSecrets(folder: string, secrets: Secrets): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(name => {
    const path = join(folder, name);
    if (secretsIn(name, secrets).length > 0) return [`a name: ${name}`];
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
    const bytes = readFileSync(path);
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return [...new Set([...secretsIn(bytes, secrets), ...secretsIn(plain, secrets)])].map(found => `${found}: ${path}`);
  });
}

/** The middle of what base64 makes of a text at each of the three places where it can begin: the same whatever is around it. */
function encodings(secret: string): string[] {
  return [0, 1, 2].map(shift => {
    const encoded = Buffer.from(`${'-'.repeat(shift)}${secret}`)
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
}
