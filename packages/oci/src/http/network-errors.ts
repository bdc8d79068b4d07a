import { codeOf, OciError, type OciErrorDetails } from '../errors.js';

const tlsCodes =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO$|UND_ERR_PRX_TLS)/;
const unreachableCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Causes of "unreachable" that a second look will not mend. */
const lastingCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

const unreachableWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'DNS does not answer',
  ECONNREFUSED: 'it refuses the connection',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer in time',
  ETIMEDOUT: 'it does not answer in time',
};

/** What can be done about a host that answers, and not well. */
export const tryLater = 'try again later, and check the network and the proxies on the way';

/**
 * Turns whatever the network threw into one error of this package that names the host.
 * @param proxy host and port of the proxy that stands before it: what cannot be reached then is the proxy.
 */
export function networkError(error: unknown, host: string, proxy?: string): OciError {
  if (error instanceof OciError) return error;
  const code = innerCode(error);
  const details = { host, cause: error };
  if (unreachableCodes.has(code) || (code === 'ETIMEDOUT' && isConnect(error))) {
    const why = unreachableWords[code] ?? code;
    if (proxy !== undefined)
      return unreachableProxy(`the proxy ${proxy} before ${host} cannot be reached: ${why}`, details);
    return new OciError('E_REGISTRY_UNREACHABLE', `${host} cannot be reached: ${why}`, {
      ...details,
      hint: 'check the name and port, the network, and HTTPS_PROXY/NO_PROXY',
    });
  }
  if (tlsCodes.test(code)) return tlsError(error, code, host);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'ETIMEDOUT') {
    return new OciError('E_REGISTRY_TIMEOUT', `${host} stopped answering`, { ...details, hint: tryLater });
  }
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return new OciError('E_SIZE_MISMATCH', `content for ${host} has another size than announced`, details);
  }
  const refusal = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(
    error instanceof Error ? error.message : '',
  );
  if (refusal) return unreachableProxy(`the proxy does not connect to ${host}: it answers ${refusal[1]}`, details);
  return new OciError('E_REGISTRY_CONNECTION', `the connection to ${host} broke (${code})`, {
    ...details,
    hint: tryLater,
  });
}

function unreachableProxy(message: string, details: OciErrorDetails): OciError {
  return new OciError('E_REGISTRY_UNREACHABLE', message, {
    ...details,
    hint: 'check HTTP_PROXY and HTTPS_PROXY with their user name and password, or name the host in NO_PROXY',
  });
}

/** May the same request succeed if it is sent again? */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof OciError)) return false;
  if (error.code === 'E_REGISTRY_CONNECTION' || error.code === 'E_REGISTRY_TIMEOUT') return true;
  if (error.code !== 'E_REGISTRY_UNREACHABLE') return false;
  const cause = innerCode(error.cause);
  return unreachableCodes.has(cause) && !lastingCodes.has(cause);
}

/** Did it fail before a single byte of the request was sent, for want of a listener or of a name? */
export function isUnreachable(error: unknown): boolean {
  return codeOf(error) === 'E_REGISTRY_UNREACHABLE';
}

function tlsError(error: unknown, code: string, host: string): OciError {
  const plain = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO' || code.includes('PACKET_LENGTH');
  const client = /ALERT|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code);
  const why = plain
    ? 'it does not speak TLS'
    : client
      ? `it ended the handshake (${code})`
      : `its certificate is not trusted (${code})`;
  const hint = plain
    ? 'name it as an insecure registry if it is meant to speak plain HTTP'
    : client
      ? 'it may want a client certificate: put NAME.cert and NAME.key into certs.d/HOST'
      : 'give the authority by SSL_CERT_FILE or certs.d/HOST/ca.crt';
  return new OciError('E_REGISTRY_TLS', `no trusted connection to ${host}: ${why}`, { host, hint, cause: error });
}

function innerCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return innerCode(error.errors[0]);
  const code = codeOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (code === 'UND_ERR_SOCKET' && cause !== undefined && codeOf(cause) !== undefined) return innerCode(cause);
  return code ?? (error instanceof Error ? error.name : 'unknown');
}

function isConnect(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnect);
  return typeof error === 'object' && error !== null && 'syscall' in error && error.syscall === 'connect';
}
