import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createLayout, type Layout, type StoredImage } from '@varve/oci';
import type { BuiltImages } from '../model/image.js';
import { lock } from './lock.js';
import type { Store } from './store.js';

/**
 * The images that stay in the store under a name, in its `index.json`: the store is an OCI image layout, so other tools read
 * them too. Several builds may keep images at once.
 */
export interface KeptImages {
  /**
   * Keeps images under each of the names (a tag or a whole reference), in place of what had the name. The layers' blobs are the
   * caller's to bring into the store; manifests and configs are written here.
   */
  keep(images: BuiltImages, names: readonly string[]): Promise<void>;
  list(): Promise<readonly StoredImage[]>;
  /** By name, reference or digest. Errors: `E_IMAGE_UNKNOWN`, which lists the names. */
  find(name: string): Promise<StoredImage>;
  /** Forgets a name; its blobs stay until they are pruned. False where there is no such name. */
  remove(name: string): Promise<boolean>;
  /** The layout, for reading manifests and blobs. */
  readonly layout: Layout;
}

/** Opens the images of a store. */
export async function openKeptImages(store: Store): Promise<KeptImages> {
  const unfinished = (base: string): string => join(store.ingestDir, `${base}-${randomBytes(6).toString('hex')}`);
  const layout = await createLayout(store.dir, unfinished);
  const lockPath = join(store.dir, 'index.lock');
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const held = await lock(lockPath);
    try {
      return await work();
    } finally {
      held.release();
    }
  };
  return {
    layout,
    list: layout.images,
    find: layout.find,
    async keep({ images, index }, names) {
      for (const image of images) {
        store.put(image.configDescriptor.digest, image.configBytes);
        store.put(image.manifestDescriptor.digest, image.manifestBytes);
      }
      if (index) store.put(index.descriptor.digest, index.bytes);
      const top = index?.descriptor ?? images[0].manifestDescriptor;
      await alone(async () => {
        for (const name of names) await layout.setImage(top, name);
      });
    },
    remove: name => alone(() => layout.removeImage(name)),
  };
}
