import { collectContent, type ImageStore, openLayout } from '@varve/oci';
import { openScratch } from '../store/scratch.js';
import { openStore } from '../store/store.js';

/**
 * Opens the images that a store keeps, to read the one called `name`: as long as it is open, no prune takes it away. Errors: `E_BAD_LAYOUT`
 * where there is no store, `E_IMAGE_UNKNOWN`, `E_STORE`.
 */
export async function openKeptImage(storeDir: string, name: string): Promise<ImageStore> {
  const layout = await openLayout(storeDir);
  await layout.find(name);
  const store = openStore(storeDir);
  const scratch = openScratch(store);
  try {
    const { descriptor } = await layout.find(name);
    const { manifests, blobs } = await collectContent(descriptor, layout);
    for (const part of [descriptor, ...manifests.map(content => content.descriptor), ...blobs]) store.has(part);
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
  const { where, images, find, blob, manifest } = layout;
  return { where, images, find, blob, manifest, close: async () => scratch[Symbol.asyncDispose]() };
}
