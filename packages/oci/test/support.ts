import type { Descriptor, Reference, RegistryClient } from '@varve/oci';
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
