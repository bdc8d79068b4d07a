import { Digester, splitDigest } from '../digest.js';
import { codeOf, OciError } from '../errors.js';
import type { Descriptor, Digest } from '../model/descriptor.js';
import { isIndex, isManifest } from '../model/media-types.js';
import { type ManifestContent, parseManifest } from '../model/parse.js';
import { formatReference, type Reference, type Repository } from '../reference.js';
import { BegunUploads } from './begun-uploads.js';
import { headBlob, pullBlob } from './blob-pull.js';
import { pushBlob, startMount } from './blob-push.js';
import type { Endpoint } from './endpoint.js';
import { Endpoints } from './endpoints.js';
import { selectImage } from './image.js';
import { listReferrers, listTags, noteReferrer } from './listing.js';
import { getManifest, pullAccess, putManifest, removeManifest, resolveManifest } from './manifests.js';
import { PushedBlobs } from './pushed-blobs.js';
import { statusError } from './status-error.js';
import type { BlobOptions, RegistryClient, RegistryClientOptions, RequestOptions } from './types.js';

/** The client behind `createRegistryClient`. */
export function openRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const endpoints = new Endpoints(options);
  const pulling = new PullOrder(endpoints, options.onMirrorFailure);
  const pushed = new PushedBlobs();
  const begun = new BegunUploads();

  const manifest = (reference: Reference, request: RequestOptions = {}): Promise<ManifestContent> =>
    pulling.first(reference, endpoint => getManifest(endpoint, reference, request), request);

  return {
    manifest,
    resolve: (reference, request = {}) =>
      pulling.first(reference, endpoint => resolveManifest(endpoint, reference, request), request),
    image: async (reference, platform, request = {}) => {
      const { registry, repository } = reference;
      const reader = {
        manifest: ({ digest }: Descriptor) => manifest({ registry, repository, digest }, request),
        blob: (descriptor: Descriptor) => pulling.blob(reference, descriptor, request),
      };
      return selectImage(await manifest(reference, request), platform, reader, `image ${formatReference(reference)}`);
    },
    blob: (repository, descriptor, request = {}) => pulling.blob(repository, descriptor, request),
    hasBlob: async (repository, digest, request = {}) => {
      const endpoint = await endpoints.origin(repository.registry);
      return headBlob(endpoint, pullAccess(endpoint, repository.repository), digest, request.signal);
    },
    mountBlob: async (from, to, digest, request = {}) => {
      const endpoint = await endpoints.origin(to.registry);
      const descriptor = { digest, mediaType: '', size: 0 };
      return (await startMount({ endpoint, repository: to, descriptor, options: request }, from)) === 'mounted';
    },
    pushBlob: async (repository, descriptor, open, request = {}) => {
      const endpoint = await endpoints.origin(repository.registry);
      const upload = { endpoint, repository, descriptor, open, options: request, begun: () => begun.take(repository) };
      const push = { digest: descriptor.digest, signal: request.signal };
      const outcome = await pushed.push(repository, push, elsewhere => pushBlob(upload, elsewhere));
      if (outcome === 'uploaded') begun.begin(endpoint, repository, request.following?.() ?? 0);
      return outcome;
    },
    pushManifest: (reference, bytes, mediaType, request = {}) =>
      pushManifest(endpoints, reference, { bytes, mediaType }, request),
    deleteManifest: async (reference, request = {}) =>
      removeManifest(await endpoints.origin(reference.registry), reference, request),
    tags: async (repository, request = {}) =>
      listTags(await endpoints.origin(repository.registry), repository, request),
    referrers: async (repository, digest: Digest, request = {}) =>
      listReferrers(await endpoints.origin(repository.registry), repository, digest, request),
    ping: async (registry, request = {}) => ping(await endpoints.origin(registry), request),
    async close() {
      await begun.cancel();
      await endpoints.transport.close();
    },
  };
}

/** What a mirror answers that holds only a part of its registry. */
const absences: ReadonlySet<string> = new Set(['E_MANIFEST_UNKNOWN', 'E_NAME_UNKNOWN', 'E_BLOB_UNKNOWN']);

/** Pulls from the mirrors of a registry in order, and from the registry itself at last. */
class PullOrder {
  readonly #endpoints: Endpoints;
  /** Mirrors that could not be reached, by host: they are not asked again. */
  readonly #down = new Set<string>();
  readonly #told = new Set<string>();
  readonly #tell: RegistryClientOptions['onMirrorFailure'];

  constructor(endpoints: Endpoints, tell: RegistryClientOptions['onMirrorFailure']) {
    this.#endpoints = endpoints;
    this.#tell = tell;
  }

  /** The first answer; a mirror's failure, whatever it is, leads to the next, and only the last one's is thrown. */
  async first<T>(
    { registry }: Repository,
    ask: (endpoint: Endpoint) => Promise<T>,
    { signal }: RequestOptions,
  ): Promise<T> {
    const order = await this.#order(registry);
    for (const endpoint of order.slice(0, -1)) {
      try {
        return await ask(endpoint);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        this.#note(registry, endpoint, error);
      }
    }
    return ask(order.at(-1) as Endpoint);
  }

  /** A blob; where a mirror fails in the middle, the next goes on where it stopped. */
  async *blob(
    repository: Repository,
    descriptor: Descriptor,
    options: BlobOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const order = await this.#order(repository.registry);
    let at = options.offset ?? 0;
    const fresh = at === 0 ? new Digester(splitDigest(descriptor.digest).algorithm) : undefined;
    const digester = options.digester ?? fresh;
    for (const endpoint of order) {
      try {
        const resumed = { signal: options.signal, offset: at, ...(digester === undefined ? {} : { digester }) };
        for await (const chunk of pullBlob(endpoint, repository, descriptor, resumed)) {
          at += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        const damaged = codeOf(error) === 'E_DIGEST_MISMATCH' || at > descriptor.size;
        if (damaged || endpoint === order.at(-1) || options.signal?.aborted === true) throw error;
        this.#note(repository.registry, endpoint, error);
      }
    }
  }

  async #order(registry: string): Promise<readonly Endpoint[]> {
    const all = await this.#endpoints.forPull(registry);
    return all.filter((endpoint, at) => at === all.length - 1 || !this.#down.has(endpoint.host));
  }

  #note(registry: string, endpoint: Endpoint, error: unknown): void {
    const code = codeOf(error) ?? '';
    if (code === 'E_REGISTRY_UNREACHABLE' || code === 'E_REGISTRY_TLS') this.#down.add(endpoint.host);
    const reason = `${endpoint.host} ${code}`;
    if (absences.has(code) || this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#tell?.({ registry, mirror: endpoint.host, error: error instanceof Error ? error : new Error(String(error)) });
  }
}

async function pushManifest(
  endpoints: Endpoints,
  reference: Reference,
  content: { readonly bytes: Uint8Array; readonly mediaType: string },
  request: RequestOptions,
): Promise<Descriptor> {
  const endpoint = await endpoints.origin(reference.registry);
  const { bytes, mediaType } = content;
  if (!isIndex(mediaType) && !isManifest(mediaType)) {
    throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', `${mediaType} is not the media type of a manifest or an index`);
  }
  const { json } = parseManifest(bytes, mediaType, `manifest for ${formatReference(reference)}`);
  const { descriptor, subjectNoted } = await putManifest(endpoint, reference, content, request);
  if (json.subject !== undefined && !subjectNoted)
    await noteReferrer(endpoint, reference, { json, descriptor }, request);
  return descriptor;
}

async function ping(endpoint: Endpoint, { signal }: RequestOptions): Promise<void> {
  const access = { repository: '', scopes: [] };
  const response = await endpoint.request({ method: 'GET', target: { path: '' }, access, signal });
  if (response.status === 200) return response.body.discard();
  const what = `the registry ${endpoint.registry}`;
  throw await statusError(response, { what, missing: 'E_REGISTRY_STATUS', redact: text => endpoint.redact(text) });
}
