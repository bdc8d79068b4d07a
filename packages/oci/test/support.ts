import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Descriptor, Layout, Reference, RegistryClient } from '@varve/oci';
import { chunksOf, type SampleImage } from '@varve/oci/testing';

/** All bytes of a stream. */
export async function gathered(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Pushes a sample image with its blobs. */
export async function pushSample(
  client: RegistryClient,
  reference: Reference,
  image: SampleImage,
): Promise<Descriptor> {
  for (const blob of [image.manifest.config, ...image.manifest.layers]) {
    await client.pushBlob(reference, blob, () => chunksOf(image.blobs.get(blob.digest) ?? new Uint8Array()));
  }
  return client.pushManifest(reference, image.manifestBytes, image.descriptor.mediaType);
}

/** A temporary folder that goes when the test or suite ends. */
export async function temporaryFolder(context: { after(fn: () => Promise<void>): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'varve-oci-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Puts a sample image into a layout. */
export async function storeSample(layout: Layout, image: SampleImage, name?: string): Promise<void> {
  for (const bytes of image.blobs.values()) await layout.writeBytes(bytes);
  await layout.writeBytes(image.manifestBytes);
  await layout.setImage(image.descriptor, name);
}
