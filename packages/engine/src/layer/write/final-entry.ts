import type { FileEntry } from '../../model/file-entry.js';
import { unsupportedLayer } from '../invalid.js';
import { keptXattrs } from '../kept-xattrs.js';

const capability = 'security.capability';

/**
 * An entry as it stands in a layer: times clamped, attributes that belong to a machine dropped, capabilities in their v2 form. `path`
 * is for errors. Errors: `E_LAYER_UNSUPPORTED`.
 */
export function finalEntry(path: string, entry: FileEntry, clampMtimeNs: bigint | undefined): FileEntry {
  const { linkGroup: _, xattrs: given, mtimeNs, ...rest } = entry;
  const xattrs = finalXattrs(path, keptXattrs(given));
  return {
    ...rest,
    mtimeNs: clampMtimeNs !== undefined && mtimeNs > clampMtimeNs ? clampMtimeNs : mtimeNs,
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

/** In the order of their names, so that the same attributes are the same value. */
function finalXattrs(
  path: string,
  xattrs: ReadonlyMap<string, Uint8Array> | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  if (xattrs === undefined) return undefined;
  const names = [...xattrs.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const made = new Map<string, Uint8Array>();
  for (const name of names) {
    const value = xattrs.get(name) ?? new Uint8Array();
    if (name.includes('=')) throw unsupportedLayer(`a tar cannot hold the extended attribute ${name}`, path);
    made.set(name, name === capability ? capabilityV2(value) : value);
  }
  return made;
}

/**
 * File capabilities as any kernel since 2.6.25 reads them (`struct vfs_cap_data`, revision 2). Revision 3 has the id of the user
 * namespace's root behind it, which means nothing elsewhere; revision 1 lacks the upper 32 capabilities. Unknown forms stay.
 */
export function capabilityV2(value: Uint8Array): Uint8Array {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const revision = value.length >= 4 ? view.getUint32(0, true) >>> 24 : 0;
  const isV3 = revision === 3 && value.length === 24;
  const isV1 = revision === 1 && value.length === 12;
  if (!isV3 && !isV1) return value;
  const made = new Uint8Array(20);
  made.set(value.subarray(0, Math.min(20, value.length)));
  new DataView(made.buffer).setUint32(0, (view.getUint32(0, true) & 0x00ff_ffff) | 0x0200_0000, true);
  return made;
}
