import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Secrets by what they are for. */
export type Secrets = Readonly<Record<string, string>>;

/** Which of the secrets a text or bytes hold: as they are, or as base64 of themselves or of `NAME:SECRET`, wherever it begins. */
export function secretsIn(content: Uint8Array | string, secrets: Secrets): string[] {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const forms = formsByBeginning(secrets);
  const found = new Set<string>();
  for (let at = 0, word = 0; at < bytes.length; at++) {
    word = ((word << 8) | (bytes[at] as number)) >>> 0;
    if (at < 3) continue;
    for (const { name, form } of forms.get(word) ?? [])
      if (bytes.compare(form, 0, form.length, at - 3, Math.min(at - 3 + form.length, bytes.length)) === 0)
        found.add(name);
  }
  return [...found];
}

interface Form {
  readonly name: string;
  readonly form: Buffer;
}

/** What is looked for, by its first four bytes: one pass over the content is enough for any number of secrets. */
function formsByBeginning(secrets: Secrets): ReadonlyMap<number, readonly Form[]> {
  const forms = new Map<number, Form[]>();
  for (const [name, secret] of Object.entries(secrets))
    for (const text of [secret, ...encodings(secret)]) {
      const form = Buffer.from(text);
      const beginning = form.readUInt32BE(0);
      forms.set(beginning, [...(forms.get(beginning) ?? []), { name, form }]);
    }
  return forms;
}

/** Files below a folder, gzip unpacked besides, that hold a secret: `what: path`. */
export function filesWithSecrets(folder: string, secrets: Secrets): string[] {
  const seen = new Set<number>();
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(name => {
    const path = join(folder, name);
    if (secretsIn(name, secrets).length > 0) return [`a name: ${name}`];
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || seen.has(stat.ino)) return [];
    seen.add(stat.ino);
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
