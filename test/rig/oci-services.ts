import {
  createRegistryClient,
  type Descriptor,
  parseReference,
  type Reference,
  type RegistryClientOptions,
} from '@varve/oci';
import {
  chunksOf,
  type DockerRegistry,
  type DockerRegistryOptions,
  type Fault,
  type FaultProxy,
  makeCertificates,
  type SampleImage,
  startDockerRegistry,
  startFaultProxy,
  type TestCertificates,
} from '@varve/oci/testing';
import type { Workbench } from './workbench.js';

/** A docker-registry with accounts, tokens or TLS as the options say; it ends with the workbench. */
export async function startStrictRegistry(
  bench: Workbench,
  options: DockerRegistryOptions = {},
): Promise<DockerRegistry> {
  const started = await startDockerRegistry({ tmp: bench.folder, ...options });
  if ('missing' in started) throw new Error(started.missing);
  bench.onClose(started.close);
  return started;
}

/** A proxy that misbehaves before a server; it ends with the workbench. */
export async function startProxy(
  bench: Workbench,
  target: string,
  faults: readonly Fault[] = [],
  tls?: { readonly cert: string; readonly key: string },
): Promise<FaultProxy> {
  const proxy = await startFaultProxy(target, faults, tls);
  bench.onClose(proxy.close);
  return proxy;
}

/** An authority of our own with a server and a client that it signed. */
export async function certificates(): Promise<TestCertificates> {
  const made = await makeCertificates();
  if ('missing' in made) throw new Error(made.missing);
  return made;
}

/** Pushes an image made in memory. */
export async function pushImage(
  name: string,
  image: SampleImage,
  options: RegistryClientOptions = {},
): Promise<Descriptor> {
  const client = createRegistryClient(options);
  const reference = parseReference(name);
  try {
    for (const blob of [image.manifest.config, ...image.manifest.layers])
      await client.pushBlob(reference, blob, () => chunksOf(image.blobs.get(blob.digest) ?? new Uint8Array()));
    return await client.pushManifest(reference, image.manifestBytes, image.descriptor.mediaType);
  } finally {
    await client.close();
  }
}

/** Pulls a whole image, every byte verified, and gives the digest of its manifest; undefined where there is none. */
export async function pulledDigest(name: string, options: RegistryClientOptions = {}): Promise<string | undefined> {
  const client = createRegistryClient(options);
  const reference: Reference = parseReference(name);
  try {
    const image = await client.image(reference, { os: 'linux', architecture: 'amd64' });
    for (const layer of image.manifest.layers) for await (const _ of client.blob(reference, layer));
    return image.manifestDescriptor.digest;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'E_MANIFEST_UNKNOWN' || code === 'E_NAME_UNKNOWN') return undefined;
    throw error;
  } finally {
    await client.close();
  }
}
