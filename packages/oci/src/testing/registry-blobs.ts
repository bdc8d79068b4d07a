import { digestOf, isDigest, splitDigest } from '../digest.js';
import type { Digest } from '../model/descriptor.js';
import { answer, type Call, Refusal, readBody } from './registry-http.js';
import type { RegistryState, StoredUpload } from './registry-state.js';

const largestBlob = 1024 ** 3;

/** GET, HEAD and DELETE of `/v2/<name>/blobs/<digest>`. */
export function blobRoute(call: Call, state: RegistryState, name: string, reference: string): void {
  const digest = digestOrRefuse(reference);
  const bytes = state.blob(name, digest);
  if (bytes === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  const headers = {
    'docker-content-digest': digest,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
  };
  if (call.method === 'DELETE') {
    state.repositories.get(name)?.blobs.delete(digest);
    answer(call, 202, {});
    return;
  }
  if (call.method !== 'GET' && call.method !== 'HEAD') throw new Refusal(405, 'UNSUPPORTED', 'not allowed on a blob');
  const range = call.method === 'HEAD' ? undefined : call.request.headers.range;
  if (range === undefined) answer(call, 200, headers, bytes);
  else answerRange(call, range, headers, bytes);
}

function answerRange(call: Call, range: string, headers: Readonly<Record<string, string>>, bytes: Buffer): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const start = Number(from);
  const end = to === undefined || to === '' ? bytes.byteLength - 1 : Math.min(Number(to), bytes.byteLength - 1);
  if (from === undefined || start > end) {
    throw new Refusal(416, 'RANGE_INVALID', 'range not satisfiable', {
      'content-range': `bytes */${bytes.byteLength}`,
    });
  }
  const part = { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.byteLength}` };
  answer(call, 206, part, bytes.subarray(start, end + 1));
}

/** POST of `/v2/<name>/blobs/uploads/`: begins an upload, takes a whole blob, or mounts one. */
export async function beginRoute(call: Call, state: RegistryState, name: string): Promise<void> {
  if (call.method !== 'POST') throw new Refusal(405, 'UNSUPPORTED', 'uploads begin with POST');
  const { searchParams } = call.url;
  const mount = searchParams.get('mount');
  const from = searchParams.get('from');
  if (mount !== null) {
    const digest = digestOrRefuse(mount);
    if (from !== null && state.blob(from, digest) !== undefined) {
      state.open(name).blobs.add(digest);
      return answer(call, 201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
    }
  }
  const body = await readBody(call, largestBlob);
  const upload = state.begin(name);
  const digest = searchParams.get('digest');
  if (digest !== null && mount === null) {
    take(upload, body);
    return finish(call, state, upload, digest);
  }
  if (body.byteLength > 0) throw new Refusal(400, 'BLOB_UPLOAD_INVALID', 'a POST without a digest has no body');
  return progress(call, 202, upload);
}

/** PATCH, PUT, GET and DELETE of an upload's own location. */
export async function uploadRoute(call: Call, state: RegistryState, name: string, id: string): Promise<void> {
  const upload = state.uploads.get(id);
  if (upload === undefined || upload.repository !== name) {
    throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown to registry');
  }
  switch (call.method) {
    case 'GET':
      return progress(call, 204, upload);
    case 'DELETE':
      state.uploads.delete(id);
      return answer(call, 204, {});
    case 'PATCH':
      await takeChunk(call, upload);
      return progress(call, 202, upload);
    case 'PUT': {
      const digest = call.url.searchParams.get('digest');
      if (digest === null) throw new Refusal(400, 'DIGEST_INVALID', 'an upload is closed with ?digest=');
      await takeChunk(call, upload);
      return finish(call, state, upload, digest);
    }
    default:
      throw new Refusal(405, 'UNSUPPORTED', 'not allowed on an upload');
  }
}

async function takeChunk(call: Call, upload: StoredUpload): Promise<void> {
  const { headers } = call.request;
  const range = headers['content-range'];
  if (range !== undefined) {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(range) ?? [];
    if (from === undefined || to === undefined) throw new Refusal(416, 'RANGE_INVALID', 'Content-Range is START-END');
    if (Number(from) !== upload.size) throw progressRefusal(upload);
    if (Number(headers['content-length']) !== Number(to) - Number(from) + 1) {
      throw new Refusal(400, 'SIZE_INVALID', 'Content-Length and Content-Range differ');
    }
  } else if (call.method === 'PUT' && upload.size > 0 && Number(headers['content-length'] ?? 0) > 0) {
    throw new Refusal(400, 'BLOB_UPLOAD_INVALID', 'the last chunk needs a Content-Range');
  }
  const body = await readBody(call, largestBlob);
  if (body.byteLength > 0 && upload.chunks.some(({ byteLength }) => byteLength < upload.leastChunk)) {
    throw new Refusal(400, 'SIZE_INVALID', 'a chunk is smaller than OCI-Chunk-Min-Length');
  }
  if (body.byteLength > 0 && headers['content-type'] !== 'application/octet-stream') {
    throw new Refusal(400, 'BLOB_UPLOAD_INVALID', 'the content of a blob is application/octet-stream');
  }
  take(upload, body);
}

function take(upload: StoredUpload, body: Buffer): void {
  upload.chunks.push(body);
  upload.size += body.byteLength;
}

function finish(call: Call, state: RegistryState, upload: StoredUpload, text: string): void {
  state.uploads.delete(upload.id);
  const digest = digestOrRefuse(text);
  const bytes = Buffer.concat(upload.chunks);
  if (digestOf(bytes, splitDigest(digest).algorithm) !== digest) {
    throw new Refusal(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  state.blobs.set(digest, bytes);
  state.open(upload.repository).blobs.add(digest);
  const location = `/v2/${upload.repository}/blobs/${digest}`;
  answer(call, 201, { location, 'docker-content-digest': digest });
}

function progress(call: Call, status: number, upload: StoredUpload): void {
  answer(call, status, progressHeaders(upload));
}

function progressRefusal(upload: StoredUpload): Refusal {
  return new Refusal(416, 'BLOB_UPLOAD_INVALID', 'chunks come in order', progressHeaders(upload));
}

function progressHeaders({ id, repository, size, leastChunk }: StoredUpload): Readonly<Record<string, string>> {
  return {
    ...(leastChunk > 0 ? { 'oci-chunk-min-length': String(leastChunk) } : {}),
    location: `/v2/${repository}/blobs/uploads/${id}?state=${size}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  };
}

function digestOrRefuse(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Refusal(400, 'DIGEST_INVALID', 'not a digest');
}
