/** What goes wrong. */
export type FaultKind =
  /** The connection is cut after this part (0 to 1) of the answer's body. */
  | { readonly kind: 'reset'; readonly at: number }
  /** The connection is cut after this part of the request's body has come. */
  | { readonly kind: 'resetUpload'; readonly at: number }
  /** The answer's body ends early, with a Content-Length that agrees. */
  | { readonly kind: 'truncate'; readonly at: number }
  /** One bit in the middle of the answer's body is another. */
  | { readonly kind: 'corrupt' }
  /** This status instead of the target's answer. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** One byte of the body every so many ms. */
  | { readonly kind: 'slow'; readonly everyMs: number }
  /** No answer at all; or headers and no body. */
  | { readonly kind: 'stall'; readonly after: 'request' | 'headers' }
  /** The request's body is not read. */
  | { readonly kind: 'deaf' }
  /** An answer of so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number; readonly contentType: string }
  /** A 307 to this origin, path kept. */
  | { readonly kind: 'redirect'; readonly origin: string }
  /** The answer's Location is below this origin. */
  | { readonly kind: 'relocate'; readonly origin: string }
  /** The target does what it was asked to; the connection is cut before its answer. */
  | { readonly kind: 'lostAnswer' }
  /** One bit in the middle of the request's body is another. */
  | { readonly kind: 'corruptUpload' }
  /** Something is done (a token expires …) before the request goes on as it is. */
  | { readonly kind: 'before'; readonly run: () => void | Promise<void> };

/** A fault and when it strikes. */
export type Fault = FaultKind & {
  readonly method?: string;
  /** Of the path with query. */
  readonly path?: RegExp;
  /** How often; default once. */
  readonly times?: number;
};
