import { digestOf, isDigest, splitDigest } from '../digest.js';
import type { Descriptor, Digest, Index, Manifest } from '../model/descriptor.js';
import { isForeignLayer, mediaTypes } from '../model/media-types.js';
import { isIndexJson, largestManifest, parseManifest } from '../model/parse.js';
import { isTag } from '../reference.js';
import { answer, answerJson, type Call, Refusal, readBody } from './registry-http.js';
import type { RegistryState, StoredManifest } from './registry-state.js';

/** What a registry can be told to leave out. */
export interface ManifestRules {
  readonly referrers: boolean;
  readonly deletes: boolean;
}

/** GET, HEAD, PUT and DELETE of `/v2/<name>/manifests/<reference>`. */
export async function manifestRoute(
  call: Call,
  state: RegistryState,
  target: { readonly name: string; readonly reference: string },
  rules: ManifestRules,
): Promise<void> {
  const { name, reference } = target;
  if (!isTag(reference) && !isDigest(reference))
    throw new Refusal(400, 'MANIFEST_INVALID', 'neither a tag nor a digest');
  if (call.method === 'PUT') return put(call, state, target, rules);
  if (state.repositories.get(name) === undefined)
    throw new Refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const found = state.manifest(name, reference);
  if (found === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  const { digest, stored } = found;
  if (call.method === 'DELETE') return remove(call, state, target, rules);
  if (call.method !== 'GET' && call.method !== 'HEAD')
    throw new Refusal(405, 'UNSUPPORTED', 'not allowed on a manifest');
  const accepted = (call.request.headers.accept ?? '*/*').split(',').map(part => part.split(';')[0]?.trim());
  if (!accepted.includes(stored.mediaType) && !accepted.includes('*/*')) {
    throw new Refusal(404, 'MANIFEST_UNKNOWN', `the manifest is ${stored.mediaType}, which is not accepted`);
  }
  answer(call, 200, { 'content-type': stored.mediaType, 'docker-content-digest': digest }, stored.bytes);
}

/** GET of `/v2/<name>/tags/list`, with `n` and `last`. */
export function tagsRoute(call: Call, state: RegistryState, name: string): void {
  if (call.method !== 'GET') throw new Refusal(405, 'UNSUPPORTED', 'tags are listed with GET');
  const repository = state.repositories.get(name);
  if (repository === undefined) throw new Refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const { searchParams } = call.url;
  const last = searchParams.get('last') ?? '';
  const limit = Math.min(Number(searchParams.get('n') ?? 100), 100);
  const rest = [...repository.tags.keys()].sort().filter(tag => tag > last);
  const tags = rest.slice(0, limit);
  const more = rest.length > tags.length && tags.length > 0;
  const next = `</v2/${name}/tags/list?n=${limit}&last=${encodeURIComponent(tags.at(-1) ?? '')}>; rel="next"`;
  answerJson(call, 200, { name, tags }, more ? { link: next } : {});
}

/** GET of `/v2/<name>/referrers/<digest>`. */
export function referrersRoute(call: Call, state: RegistryState, name: string, digest: string): void {
  if (!isDigest(digest)) throw new Refusal(400, 'DIGEST_INVALID', 'not a digest');
  const all = [...(state.repositories.get(name)?.manifests.values() ?? [])].flatMap(({ referrer }) =>
    referrer?.subject === digest ? [referrer.entry] : [],
  );
  const wanted = call.url.searchParams.get('artifactType');
  const manifests = wanted === null ? all : all.filter(({ artifactType }) => artifactType === wanted);
  const headers = wanted === null ? {} : { 'oci-filters-applied': 'artifactType' };
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  answerJson(call, 200, index, { 'content-type': mediaTypes.ociIndex, ...headers });
}

async function put(
  call: Call,
  state: RegistryState,
  { name, reference }: { readonly name: string; readonly reference: string },
  rules: ManifestRules,
): Promise<void> {
  const bytes = await readBody(call, largestManifest);
  const contentType = call.request.headers['content-type'] ?? '';
  const json = parse(bytes, contentType);
  const digest = digestOf(bytes, isDigest(reference) ? splitDigest(reference).algorithm : 'sha256');
  if (isDigest(reference) && digest !== reference)
    throw new Refusal(400, 'DIGEST_INVALID', 'manifest has another digest');
  checkContent(state, name, json);
  const repository = state.open(name);
  const referrer =
    json.subject === undefined
      ? undefined
      : referrerOf(json, { digest, size: bytes.byteLength, mediaType: contentType });
  const stored: StoredManifest = { bytes, mediaType: contentType, ...(referrer === undefined ? {} : { referrer }) };
  repository.manifests.set(digest, stored);
  if (!isDigest(reference)) repository.tags.set(reference, digest);
  const noted = json.subject !== undefined && rules.referrers ? { 'oci-subject': json.subject.digest } : {};
  answer(call, 201, { location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest, ...noted });
}

function parse(bytes: Buffer, contentType: string): Manifest | Index {
  let parsed: ReturnType<typeof parseManifest>;
  try {
    parsed = parseManifest(bytes, contentType, 'the manifest');
  } catch (error) {
    throw new Refusal(400, 'MANIFEST_INVALID', error instanceof Error ? error.message : 'manifest invalid');
  }
  if (parsed.mediaType !== contentType) throw new Refusal(400, 'MANIFEST_INVALID', 'Content-Type and mediaType differ');
  return parsed.json;
}

/** Everything that a manifest names has to be there, with the size that it says. */
function checkContent(state: RegistryState, name: string, json: Manifest | Index): void {
  if (isIndexJson(json)) {
    for (const { digest, size } of json.manifests) {
      check(state.manifest(name, digest)?.stored.bytes.byteLength, size, digest, 'MANIFEST_UNKNOWN');
    }
    return;
  }
  for (const { digest, size, mediaType } of [json.config, ...json.layers]) {
    if (!isForeignLayer(mediaType)) check(state.blob(name, digest)?.byteLength, size, digest, 'MANIFEST_BLOB_UNKNOWN');
  }
}

function check(actual: number | undefined, size: number, digest: Digest, code: string): void {
  if (actual === undefined) throw new Refusal(404, code, `${digest} is not in the repository`);
  if (actual !== size) throw new Refusal(400, 'SIZE_INVALID', `${digest} has ${actual} bytes, not ${size}`);
}

function referrerOf(json: Manifest | Index, descriptor: Descriptor): StoredManifest['referrer'] {
  const artifactType = json.artifactType ?? (isIndexJson(json) ? undefined : json.config.mediaType);
  const entry: Descriptor = {
    ...descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(json.annotations === undefined ? {} : { annotations: json.annotations }),
  };
  return json.subject === undefined ? undefined : { subject: json.subject.digest, entry };
}

function remove(
  call: Call,
  state: RegistryState,
  { name, reference }: { readonly name: string; readonly reference: string },
  rules: ManifestRules,
): void {
  if (!rules.deletes) throw new Refusal(405, 'UNSUPPORTED', 'deleting is switched off');
  const repository = state.open(name);
  if (!repository.tags.delete(reference)) {
    repository.manifests.delete(reference as Digest);
    for (const [tag, digest] of repository.tags) if (digest === reference) repository.tags.delete(tag);
  }
  answer(call, 202, {});
}
