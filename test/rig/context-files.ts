import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { must } from './run.js';

/**
 * A file that git cannot keep as it is (a mode, a link, an archive, a name that is not UTF-8), made when the test runs.
 * Exactly one of `text`, `hex`, `zeros`, `directory`, `link`, `hardlink`, `fifo`, `tar` says what it is.
 */
export interface MadeFile {
  /** Path below the context. `\xNN` stands for a byte that is not UTF-8. */
  readonly path: string;
  readonly text?: string;
  readonly hex?: string;
  /** A file of so many zero bytes. */
  readonly zeros?: number;
  /** A file of so many bytes that takes no room: `text` at its end. */
  readonly sparse?: number;
  readonly directory?: true;
  readonly link?: string;
  readonly hardlink?: string;
  readonly fifo?: true;
  /** An archive of `entries`: how it is compressed. */
  readonly tar?: 'plain' | 'gzip' | 'bzip2' | 'xz' | 'zstd';
  readonly entries?: readonly MadeFile[];
  /** What else GNU tar is told. */
  readonly flags?: readonly string[];
  readonly mode?: string;
  readonly owner?: readonly [uid: number, gid: number];
}

/** Mtimes in a context: 2021-03-04 and one more second for each path, so that no two files agree by chance. */
const firstTime = Date.UTC(2021, 2, 4, 5, 6, 7) / 1000;

/** Copies a case's context and makes its made files; modes and times come out the same on every machine. */
export async function makeContext(
  source: string | undefined,
  target: string,
  made: readonly MadeFile[],
): Promise<void> {
  mkdirSync(target, { recursive: true });
  if (source !== undefined) {
    cpSync(source, target, { recursive: true, verbatimSymlinks: true });
    for (const path of pathsBelow(Buffer.from(target))) normaliseMode(path);
  }
  for (const file of made) await makeFile(target, file);
  const paths = pathsBelow(Buffer.from(target));
  paths.forEach((path, index) => {
    lutimesSync(path, firstTime + index, firstTime + index);
  });
}

function normaliseMode(path: Buffer): void {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return;
  chmodSync(path, status.isDirectory() || (status.mode & 0o100) !== 0 ? 0o755 : 0o644);
}

async function makeFile(folder: string, file: MadeFile): Promise<void> {
  const path = bytesPath(folder, file.path);
  mkdirSync(parentOf(path), { recursive: true });
  if (file.sparse !== undefined) makeSparse(path, file.sparse, file.text ?? '');
  else if (file.text !== undefined) writeFileSync(path, file.text);
  else if (file.hex !== undefined) writeFileSync(path, Buffer.from(file.hex, 'hex'));
  else if (file.zeros !== undefined) writeFileSync(path, Buffer.alloc(file.zeros));
  else if (file.directory) mkdirSync(path, { recursive: true });
  else if (file.link !== undefined) symlinkSync(file.link, path);
  else if (file.hardlink !== undefined) linkSync(bytesPath(folder, file.hardlink), path);
  else if (file.fifo) await must('mkfifo', [path.toString()]);
  else if (file.tar !== undefined) await makeArchive(path.toString(), file);
  if (file.link !== undefined || file.hardlink !== undefined) return;
  if (file.owner !== undefined) chownSync(path, ...file.owner);
  chmodSync(path, Number.parseInt(file.mode ?? (file.directory ? '0755' : '0644'), 8));
}

function makeSparse(path: Buffer, size: number, text: string): void {
  writeFileSync(path, '');
  truncateSync(path, size - Buffer.byteLength(text));
  appendFileSync(path, text);
}

const compressors = { gzip: 'gzip', bzip2: 'bzip2', xz: 'xz', zstd: 'zstd' } as const;

/** Packs the entries with GNU tar, in the order given; a path that comes again is appended as a second entry. */
async function makeArchive(archive: string, file: MadeFile): Promise<void> {
  const folder = `${archive}.entries`;
  const plain = `${archive}.plain`;
  for (const entries of sessionsOf(file.entries ?? [])) {
    mkdirSync(folder);
    for (const entry of entries) await makeFile(folder, entry);
    for (const path of pathsBelow(Buffer.from(folder))) utimesSyncUnlessLink(path);
    const names = entries.map(entry => `${bytesPath('', entry.path).subarray(1).toString()}\n`).join('');
    const own = ['--no-recursion', '--numeric-owner', ...(file.flags ?? [])];
    const flags = [...own, '--directory', folder, '--files-from', '-'];
    await must('tar', ['--append', '--file', plain, ...flags], { input: names });
    rmSync(folder, { recursive: true });
  }
  if (file.tar !== undefined && file.tar !== 'plain') {
    await must('sh', ['-euc', `${compressors[file.tar]} < "$1" > "$2"`, 'sh', plain, archive]);
    rmSync(plain);
  } else {
    renameSync(plain, archive);
  }
}

/** Entries in runs within which no path comes twice. */
function sessionsOf(entries: readonly MadeFile[]): MadeFile[][] {
  const sessions: MadeFile[][] = [[]];
  for (const entry of entries) {
    const last = sessions.at(-1) as MadeFile[];
    if (last.some(({ path }) => path === entry.path)) sessions.push([entry]);
    else last.push(entry);
  }
  return sessions;
}

function utimesSyncUnlessLink(path: Buffer): void {
  if (!lstatSync(path).isSymbolicLink()) utimesSync(path, firstTime - 1000, firstTime - 1000);
}

function parentOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf(0x2f));
}

/** A path as bytes: `\xNN` is one byte, everything else is UTF-8. */
function bytesPath(folder: string, path: string): Buffer {
  const pieces = path.split(/\\x([0-9a-f]{2})/);
  const bytes = pieces.map((piece, index) => (index % 2 === 0 ? Buffer.from(piece) : Buffer.from(piece, 'hex')));
  return Buffer.concat([Buffer.from(`${folder}/`), ...bytes]);
}

/** Every path below a folder, parents after their children, in byte order. */
function pathsBelow(folder: Buffer): Buffer[] {
  const names = readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare);
  return names.flatMap(name => {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    return lstatSync(path).isDirectory() ? [...pathsBelow(path), path] : [path];
  });
}
