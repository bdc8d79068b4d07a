import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Blobs of a layout or a store whose bytes are not what their names say, and files that were left half written. */
export function wrongInStore(folder: string): string[] {
  const blobs = listed(join(folder, 'blobs/sha256')).filter(
    name => name !== digestOfFile(join(folder, 'blobs/sha256', name)),
  );
  const halves = [...listed(join(folder, 'ingest')), ...listed(join(folder, 'scratch'))];
  return [...blobs.map(name => `blob ${name}`), ...halves.map(name => `left over: ${name}`)];
}

/** Blobs in the storage folder of a docker-registry whose bytes are not what their names say. */
export function wrongInRegistry(folder: string): string[] {
  const root = join(folder, 'docker/registry/v2/blobs/sha256');
  return listed(root).flatMap(prefix =>
    listed(join(root, prefix)).filter(name => name !== digestOfFile(join(root, prefix, name, 'data'))),
  );
}

function listed(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function digestOfFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
