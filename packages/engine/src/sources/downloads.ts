import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { download } from '@varve/oci';
import { frame } from '../key/key.js';
import { codeOf, VarveError } from '../model/error.js';
import type { StepDownload } from '../model/step.js';
import type { DownloadedFile } from '../plugin/instruction.js';

/** Fetches files for `ADD https://…` into a folder, each once a build. */
export class Downloads {
  readonly #dir: string;
  readonly #signal: AbortSignal;
  readonly #headers: (url: string) => Promise<Readonly<Record<string, string>>>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #known = new Map<string, Promise<DownloadedFile>>();

  /** `headers` are what a server is told besides, such as who asks; `env` names proxies and authorities. */
  constructor(
    dir: string,
    signal: AbortSignal,
    headers: (url: string) => Promise<Readonly<Record<string, string>>> = () => Promise.resolve({}),
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#env = env;
    this.#headers = headers;
    this.#dir = dir;
    this.#signal = signal;
  }

  /** Errors: `E_DOWNLOAD`, `E_CHECKSUM_MISMATCH`, and those of the network. */
  async get({ url, checksum }: StepDownload): Promise<DownloadedFile> {
    const known = this.#known.get(url) ?? this.#fetch(url, this.#known.size);
    this.#known.set(url, known);
    const file = await known;
    if (checksum === undefined) return file;
    const digest = await digestAs(checksum.slice(0, checksum.indexOf(':')), file);
    if (checksum !== digest)
      throw new VarveError('E_CHECKSUM_MISMATCH', `${shownUrl(url)} has the digest ${digest}, not ${checksum}`, {
        hint: 'either the file changed or the checksum is of another one: find out which before you trust it',
      });
    return file;
  }

  async #fetch(url: string, index: number): Promise<DownloadedFile> {
    const name = fileName(url);
    await mkdir(this.#dir, { recursive: true });
    const path = join(this.#dir, String(index));
    const headers = await this.#headers(url);
    for (let left = newTries; ; left--) {
      const response = await download(url, { env: this.#env, signal: this.#signal, headers });
      if (response.status !== 200)
        throw new VarveError('E_DOWNLOAD', `${shownUrl(url)} answered with status ${response.status}`, {
          hint: 'check the address; a private one needs access',
        });
      try {
        const mtimeNs = lastModified(response.headers['last-modified']);
        return { ...(await this.#write(response.body, path)), path, name, mtimeNs };
      } catch (error) {
        // What broke off, from a server that lets nothing be taken up again, begins again.
        if (left === 0 || codeOf(error) !== 'E_REGISTRY_CONNECTION') throw error;
      }
    }
  }

  async #write(body: AsyncIterable<Uint8Array>, path: string): Promise<Pick<DownloadedFile, 'size' | 'digest'>> {
    const hash = createHash('sha256');
    let size = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    await pipeline(body, meter, createWriteStream(path, { mode: 0o600 }), { signal: this.#signal });
    return { size, digest: `sha256:${hash.digest('hex')}` };
  }
}

/** Downloads after the first, of what broke off in the middle. */
const newTries = 2;

/** The digest of a file by `sha256`, `sha384` or `sha512`. */
async function digestAs(algorithm: string, { path, digest }: DownloadedFile): Promise<string> {
  if (algorithm === 'sha256') return digest;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return `${algorithm}:${hash.digest('hex')}`;
}

/** What of a downloaded file decides a layer: its content, the name that it gets in a folder, its time. As in BuildKit. */
export function identityOf({ digest, name, mtimeNs }: Pick<DownloadedFile, 'digest' | 'name' | 'mtimeNs'>): string {
  return frame([digest, name, String(mtimeNs)]);
}

/** Without user, password and query, any of which may hold a secret. */
function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** The last name of the address's path, as BuildKit takes it. Errors: `E_DOWNLOAD` for an escape that is none. */
function fileName(url: string): string {
  const name = posix.basename(unescaped(url));
  return name === '' || name === '.' || name === '/' ? '__unnamed__' : name;
}

function unescaped(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch (cause) {
    throw new VarveError('E_DOWNLOAD', `${shownUrl(url)} has an escape that is none`, {
      hint: 'write %25 for a percent sign',
      cause,
    });
  }
}

function lastModified(header: string | string[] | undefined): bigint {
  const time = Date.parse(String(header));
  return Number.isNaN(time) ? 0n : BigInt(time) * 1_000_000n;
}
