import type { HttpBody } from './body.js';

/** An answer whose headers have come. */
export interface HttpResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: HttpBody;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}
