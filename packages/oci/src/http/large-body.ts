import { channel } from 'node:diagnostics_channel';
import type { HttpResponse } from './response.js';

/**
 * Something is published here before each body, sent or received, that is large or of which nobody says how large it is: from now on the process may be mostly bytes that pass
 * through. One that bounds its memory by flags of V8 need not pay for that before.
 */
const expected = channel('varve:large-body');

/** Bytes of a body that is nothing to a heap. */
const little = 1 << 20;

/** Announces a body of so many bytes, if it is large. */
export function announceBody(bytes: number): void {
  if (bytes > little) expected.publish(undefined);
}

/** The same for that of a response, which need not say how large it is. */
export function announceBodyOf({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): void {
  if (status === 200 || status === 206) announceBody(Number(headers['content-length'] ?? Number.POSITIVE_INFINITY));
}
