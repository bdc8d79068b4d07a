import type { Access } from '../auth/authorizer.js';
import { codeOf, OciError } from '../errors.js';
import type { HttpResponse } from '../http/response.js';
import type { Descriptor, Digest, Index, Manifest } from '../model/descriptor.js';
import { mediaTypes } from '../model/media-types.js';
import { checkDescriptor, isIndexJson, largestManifest } from '../model/parse.js';
import { formatRepository, type Repository } from '../reference.js';
import type { Endpoint, EndpointRequest } from './endpoint.js';
import { getManifest, pullAccess, putManifest } from './manifests.js';
import { statusError } from './status-error.js';
import type { RequestOptions } from './types.js';

const mostPages = 10_000;

/** All tags of a repository, page by page. */
export async function listTags(
  endpoint: Endpoint,
  repository: Repository,
  options: RequestOptions,
): Promise<readonly string[]> {
  const tags: string[] = [];
  const access = pullAccess(endpoint, repository.repository);
  const first = `${access.repository}/tags/list`;
  const what = `the tags of ${formatRepository(repository)}`;
  for await (const page of pages(endpoint, { path: first, access, what }, options)) {
    const { tags: listed } = page as { tags?: unknown };
    if (Array.isArray(listed)) tags.push(...listed.filter(tag => typeof tag === 'string'));
  }
  return tags;
}

/** The referrers of a manifest by the API, or by the fallback tag where the registry answers 404. */
export async function listReferrers(
  endpoint: Endpoint,
  repository: Repository,
  digest: Digest,
  options: RequestOptions & { readonly artifactType?: string },
): Promise<Index> {
  const { artifactType } = options;
  const access = pullAccess(endpoint, repository.repository);
  const query = artifactType === undefined ? {} : { artifactType };
  const found: Descriptor[] = [];
  const what = `the referrers of ${digest}`;
  const first = { path: `${access.repository}/referrers/${digest}`, query, access, what, absent: [404, 405] };
  for await (const page of pages(endpoint, first, options)) {
    const known =
      page === undefined ? await fallbackReferrers(endpoint, repository, digest, options) : descriptorsOf(page);
    found.push(...known);
  }
  const wanted = artifactType === undefined ? found : found.filter(entry => entry.artifactType === artifactType);
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: wanted };
}

/**
 * Enters a manifest in the fallback tag of its subject, for a registry without the referrers API. Tags have no compare-and-swap:
 * of two writers at the same moment one entry can be lost.
 */
export async function noteReferrer(
  endpoint: Endpoint,
  repository: Repository,
  content: { readonly json: Manifest | Index; readonly descriptor: Descriptor },
  options: RequestOptions,
): Promise<void> {
  const { json, descriptor } = content;
  if (json.subject === undefined) return;
  const known = await fallbackReferrers(endpoint, repository, json.subject.digest, options);
  if (known.some(({ digest }) => digest === descriptor.digest)) return;
  const artifactType = json.artifactType ?? (isIndexJson(json) ? undefined : json.config.mediaType);
  const entry: Descriptor = {
    ...descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(json.annotations === undefined ? {} : { annotations: json.annotations }),
  };
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [...known, entry] };
  const reference = {
    registry: repository.registry,
    repository: repository.repository,
    tag: fallbackTag(json.subject.digest),
  };
  await putManifest(
    endpoint,
    reference,
    { bytes: Buffer.from(JSON.stringify(index)), mediaType: mediaTypes.ociIndex },
    options,
  );
}

/** The tag under which referrers of a digest are listed without the API: `sha256-…`. */
function fallbackTag(digest: Digest): string {
  return digest.replace(':', '-').slice(0, 128);
}

async function fallbackReferrers(
  endpoint: Endpoint,
  { registry, repository }: Repository,
  digest: Digest,
  options: RequestOptions,
): Promise<readonly Descriptor[]> {
  try {
    const { json } = await getManifest(endpoint, { registry, repository, tag: fallbackTag(digest) }, options);
    return isIndexJson(json) ? json.manifests : [];
  } catch (error) {
    if (codeOf(error) === 'E_MANIFEST_UNKNOWN' || codeOf(error) === 'E_NAME_UNKNOWN') return [];
    throw error;
  }
}

interface FirstPage {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly access: Access;
  /** For errors. */
  readonly what: string;
  /** Statuses of a registry that keeps no such list. */
  readonly absent?: readonly number[];
}

/** The JSON of each page, asked for again where it breaks off; undefined where the registry keeps no such list. */
async function* pages(
  endpoint: Endpoint,
  { what, absent = [], ...first }: FirstPage,
  { signal }: RequestOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { access } = first;
  const headers = { accept: 'application/json, application/vnd.oci.image.index.v1+json' };
  let target: EndpointRequest['target'] = first;
  for (let count = 1; ; count++) {
    const page: { readonly json: unknown; readonly next: URL | undefined } = await endpoint.read(
      { method: 'GET', target, access, headers, signal },
      async response => {
        if (absent.includes(response.status)) {
          await response.body.discard();
          return { json: undefined, next: undefined };
        }
        if (response.status !== 200)
          throw await statusError(response, { what, missing: 'E_NAME_UNKNOWN', redact: text => endpoint.redact(text) });
        return { json: await readJson(response), next: nextPage(response) };
      },
    );
    yield page.json;
    if (page.next === undefined) return;
    if (count >= mostPages)
      throw new OciError('E_BAD_RESPONSE', `${endpoint.host} lists without end`, { host: endpoint.host });
    target = { url: page.next };
  }
}

/** The next page, on the host that gave this one whatever name it gives itself. */
function nextPage(response: HttpResponse): URL | undefined {
  const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.link ?? '')?.[1];
  if (link === undefined || !URL.canParse(link, response.url.href)) return undefined;
  const { pathname, search } = new URL(link, response.url);
  return new URL(`${pathname}${search}`, response.url);
}

async function readJson(response: HttpResponse): Promise<unknown> {
  const bytes = await response.body.bytes(largestManifest);
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) ?? {};
  } catch {
    const { host } = response.url;
    throw new OciError('E_BAD_RESPONSE', `${host} answers with something that is not JSON`, { host });
  }
}

function descriptorsOf(json: unknown): readonly Descriptor[] {
  const manifests = (json as { manifests?: unknown }).manifests;
  if (!Array.isArray(manifests)) return [];
  for (const entry of manifests) checkDescriptor(entry, 'a list of referrers');
  return manifests as Descriptor[];
}
