import { evidenceBytes, type FolderEvidence } from '../kit/folder-evidence.js';
import type { TreePath } from '../model/path.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';
import { childPath, nameOf, parentOf } from '../path/name.js';
import type { Memory, Note } from '../plugin/cache.js';
import type { DigestFiles } from './content-digest.js';

/** Raised when the notes change their form or meaning. */
const version = 1;
const digestBytes = 32;
/** In place of the digest of a file that vanished. */
const gone = '';

export interface KnownFolder {
  /** Absolute and real. */
  readonly dir: string;
  readonly evidence: FolderEvidence;
}

/**
 * The digest of what a selection takes from a folder, remembered with the fingerprint of the whole folder: as long as stat says the same of
 * everything in it, nothing of it is looked at again. `selection` names what is taken, and how its digest is made.
 */
export async function digestOfKnown(
  selection: string,
  { dir, evidence }: KnownFolder,
  memory: Memory,
  compute: () => Promise<string>,
): Promise<string> {
  const name = `selection ${version} ${dir} ${selection}`;
  const fingerprint = evidence.fingerprint();
  const [note] = fingerprint ? await memory.recall([name]) : [];
  const known = note && Buffer.from(note.buffer, note.byteOffset, note.byteLength);
  if (fingerprint && known?.subarray(0, fingerprint.length).equals(fingerprint))
    return known.toString('utf8', fingerprint.length);
  const digest = await compute();
  if (fingerprint) await memory.remember([{ name, value: Buffer.concat([fingerprint, Buffer.from(digest)]) }]);
  return digest;
}

/**
 * The stat index: what files of a folder contained, remembered with what stat said of them, so that a file that stat says is the same is
 * not read again. One note a directory: of each of its files the length of the name, the name, the evidence and the SHA-256.
 * A file that changed so shortly before it was looked at that stat could miss a later change is read each time.
 */
export async function digestsOfKnown(
  paths: readonly TreePath[],
  { dir, evidence }: KnownFolder,
  memory: Memory,
  read: DigestFiles,
): Promise<readonly (string | null)[]> {
  const directories = [...groupByDirectory(paths)];
  const names = directories.map(([directory]) => `contents ${version} ${dir}/${directory}`);
  const notes = (await memory.recall(names)).map(parseNote);
  const found = new Map<TreePath, string>();
  for (const [index, [, files]] of directories.entries())
    for (const path of files) {
      const digest = knownDigest(notes[index]?.get(nameOf(path)), evidence.of(path));
      if (digest !== undefined) found.set(path, digest);
    }
  const unknown = paths.filter(path => !found.has(path));
  if (unknown.length > 0) {
    const digests = await read(unknown);
    for (const [index, path] of unknown.entries()) found.set(path, digests[index] ?? gone);
    const changed = new Set(unknown.map(parentOf));
    await memory.remember(
      directories.flatMap(([directory, files], index): readonly Note[] => {
        if (!changed.has(directory)) return [];
        const digests = new Map(files.map(path => [path, found.get(path) as string]));
        const value = makeNote(directory, digests, evidence, notes[index] ?? new Map());
        return [{ name: names[index] as string, value }];
      }),
    );
  }
  return paths.map(path => found.get(path) || null);
}

function groupByDirectory(paths: readonly TreePath[]): ReadonlyMap<TreePath, readonly TreePath[]> {
  const groups = new Map<TreePath, TreePath[]>();
  for (const path of paths) {
    const directory = parentOf(path);
    const group = groups.get(directory);
    if (group) group.push(path);
    else groups.set(directory, [path]);
  }
  return groups;
}

/** Evidence and digest of each file of a note, by name; none where the note is damaged. */
function parseNote(value: Uint8Array | undefined): ReadonlyMap<string, Buffer> {
  const known = new Map<string, Buffer>();
  if (!value) return known;
  const note = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  for (let at = 0; at < note.length; ) {
    const nameEnd = at + 2 + (at + 2 <= note.length ? note.readUInt16LE(at) : 0);
    const end = nameEnd + evidenceBytes + digestBytes;
    if (end > note.length) return new Map();
    known.set(bytesToPath(note.subarray(at + 2, nameEnd)), note.subarray(nameEnd, end));
    at = end;
  }
  return known;
}

/** The digest of a file's content where stat still says the same of it. */
function knownDigest(known: Buffer | undefined, evidence: Uint8Array | undefined): string | undefined {
  if (!known || !evidence || known.compare(evidence, 0, evidenceBytes, 0, evidenceBytes) !== 0) return undefined;
  return known.toString('hex', evidenceBytes);
}

/** A directory's note: the files that were asked for, and those of the old one that are as they were. */
function makeNote(
  directory: TreePath,
  digests: ReadonlyMap<TreePath, string>,
  evidence: FolderEvidence,
  old: ReadonlyMap<string, Buffer>,
): Buffer {
  const parts: Uint8Array[] = [];
  const add = (name: string, proof: Uint8Array, digest: string): void => {
    const bytes = pathToBytes(name);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(bytes.length);
    parts.push(length, bytes, proof.slice(), Buffer.from(digest, 'hex'));
  };
  for (const [path, digest] of digests) {
    const proof = digest === gone ? undefined : evidence.of(path);
    if (proof) add(nameOf(path), proof, digest);
  }
  for (const [name, known] of old) {
    const path = childPath(directory, name);
    const proof = evidence.of(path);
    const digest = digests.has(path) ? undefined : knownDigest(known, proof);
    if (proof && digest !== undefined) add(name, proof, digest);
  }
  return Buffer.concat(parts);
}
