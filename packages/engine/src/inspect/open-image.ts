import { type Platform, parseReference } from '@varve/oci';
import { codeOf, VarveError } from '../model/error.js';
import type { Session } from '../session/session.js';
import { type OpenedImage, openedParts, openLocalImage, openStored } from '../sources/local-image.js';
import { openKeptImages } from '../store/kept.js';

export type { OpenedImage } from '../sources/local-image.js';

/**
 * Opens an image by what a person would call it: a layout folder or an archive (`PATH`, `PATH:NAME`), a name or digest in the store, else a
 * reference to a registry. `oci-layout://` and `docker-image://` say outright which it is. Errors: `E_IMAGE_UNKNOWN`, `E_PLATFORM_MISMATCH`
 * and those of layouts, archives and registries.
 */
export async function openImage(name: string, platform: Platform, session: Session): Promise<OpenedImage> {
  const place = name.replace(/^oci-layout:\/\//, '');
  const here = { cwd: session.options.cwd, scratchDir: session.scratch.dir };
  const local = name.startsWith('docker-image://') ? undefined : await openLocalImage(place, platform, here);
  if (local) return local;
  if (place !== name) throw new VarveError('E_IMAGE_UNKNOWN', `there is no layout ${place}`);
  const kept = await openKeptImages(session.store);
  const found = name.startsWith('docker-image://') ? undefined : await kept.find(name).catch(ignoreUnknown);
  if (found) return openStored(found, kept.layout, platform);
  return openPulled(name.replace(/^docker-image:\/\//, ''), platform, session);
}

async function openPulled(name: string, platform: Platform, session: Session): Promise<OpenedImage> {
  const client = await session.registry();
  const reference = parseReference(name);
  const { manifest, manifestDescriptor, config } = await client.image(reference, platform, { signal: session.signal });
  return {
    ...openedParts(manifest, config),
    digest: manifestDescriptor.digest,
    blob: descriptor => client.blob(reference, descriptor, { signal: session.signal }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function ignoreUnknown(error: unknown): undefined {
  if (codeOf(error) !== 'E_IMAGE_UNKNOWN') throw error;
  return undefined;
}
