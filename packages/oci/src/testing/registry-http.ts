import type { IncomingMessage, ServerResponse } from 'node:http';

/** An error of the distribution spec, as an answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A request with what the routes need of it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly url: URL;
}

/** Sends a status with headers and, where given, a body. HEAD gets the headers alone. */
export function answer(
  { request, response }: Call,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body?: Uint8Array | string,
): void {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const length =
    bytes === undefined ? (status === 204 ? {} : { 'content-length': 0 }) : { 'content-length': bytes.byteLength };
  response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Sends JSON. */
export function answerJson(
  call: Call,
  status: number,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(call, status, { 'content-type': 'application/json', ...headers }, JSON.stringify(json));
}

/** Reads a request's body. Refuses one that is larger than the limit or shorter than announced. */
export async function readBody({ request }: Call, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > limit) throw new Refusal(413, 'SIZE_INVALID', 'the body is too large');
    chunks.push(chunk);
  }
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) !== size)
    throw new Refusal(400, 'SIZE_INVALID', 'the body is cut off');
  return Buffer.concat(chunks, size);
}
