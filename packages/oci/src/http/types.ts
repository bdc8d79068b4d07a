/** One request that went over the wire. Carries no header and no query: nothing secret. */
export interface RequestInfo {
  readonly method: string;
  readonly protocol: 'http:' | 'https:';
  /** Host and port. */
  readonly host: string;
  readonly path: string;
  /** What it was for. */
  readonly purpose: 'registry' | 'token' | 'redirect' | 'download';
  /** 1 for the first try. */
  readonly attempt: number;
}

/** PEM texts for one registry. */
export interface HostCertificates {
  /** Authorities to trust beside the system's. */
  readonly ca?: string;
  /** Our own certificate and its key, for a registry that wants one. */
  readonly cert?: string;
  readonly key?: string;
}

/** The same as files, read when the host is first connected to. */
export interface CertificateFiles {
  /** Files with authorities to trust beside the system's. */
  readonly ca?: readonly string[];
  /** Files with our own certificate and its key; one is nothing without the other. */
  readonly cert?: string;
  readonly key?: string;
}

/** Milliseconds. */
export interface Timeouts {
  /** Until a connection stands. Default 20 000. */
  readonly connect?: number;
  /** From the end of a request to the end of the answer's headers. Default 60 000; 300 000 after an upload of more than 1 MiB. */
  readonly headers?: number;
  /** Without one byte of a body, in either direction. Default 60 000. */
  readonly idle?: number;
  /** Span over which a body must bring `minBytes`. Time in which we do not read does not count. Default 60 000. */
  readonly slowSpan?: number;
  /** Bytes that a body must bring in each `slowSpan`. Default 16 384. */
  readonly minBytes?: number;
}

/** How connections are made and requests retried. */
export interface HttpOptions {
  /** PEM texts of authorities to trust beside the system's, for every host. */
  readonly ca?: readonly string[];
  /** Certificates by host (`host` or `host:port`). */
  readonly certs?: Readonly<Record<string, HostCertificates>>;
  /** Files of certificates by `host:port`, or by `host` for all its ports; they count where `certs` says nothing of the host. */
  readonly certFiles?: Readonly<Record<string, CertificateFiles>>;
  /**
   * Folders with a folder `host[:port]` each, holding `*.crt` (authorities), `*.cert` and `*.key` (ours).
   * Default: /etc/docker/certs.d, /etc/containers/certs.d and those below the user's config folder.
   */
  readonly certDirs?: readonly string[];
  /** Read for HTTP_PROXY, HTTPS_PROXY, NO_PROXY (and lower case), SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly userAgent?: string;
  /** Tries after the first for what may pass: resets, timeouts, 429, 5xx. Default 5. */
  readonly retries?: number;
  /** First pause between tries in ms, doubled each time up to 10 s, with jitter. Default 250. */
  readonly retryDelay?: number;
  /** The longest Retry-After that is waited for, in ms. Default 120 000. */
  readonly maxRetryAfter?: number;
  readonly timeouts?: Timeouts;
  /** Connections to one host at once. Default 8. */
  readonly connections?: number;
  /** Called for every request that goes out. It must not throw. */
  readonly onRequest?: (info: RequestInfo) => void;
}
