import { createHash } from 'node:crypto';
import { frame } from './key.js';

/** What a cache mount begins with: files of a source, known by their digest, or nothing, owned by somebody. */
export type CacheMountBegin =
  | { readonly source: string }
  | { readonly mode: number; readonly uid: number; readonly gid: number };

/** What tells a cache mount from all others of a store. As in BuildKit, the same id with another beginning is another cache. */
export function cacheMountName(id: string, begin: CacheMountBegin): string {
  const from =
    'source' in begin ? ['source', begin.source] : ['owner', String(begin.mode), String(begin.uid), String(begin.gid)];
  return createHash('sha256')
    .update(frame([id, ...from]), 'utf16le')
    .digest('hex');
}
