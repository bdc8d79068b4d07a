import { OciError, type OciErrorCode } from '../errors.js';
import type { HttpResponse } from '../http/response.js';
import { askedPause } from '../http/retry.js';

/** What was asked for when an error came back. */
export interface Asked {
  /** For messages: `manifest docker.io/library/busybox:latest`. */
  readonly what: string;
  /** What a 404 means. */
  readonly missing: 'E_MANIFEST_UNKNOWN' | 'E_BLOB_UNKNOWN' | 'E_NAME_UNKNOWN' | 'E_REGISTRY_STATUS';
  /** Strikes secrets out of a server's text. */
  readonly redact: (text: string) => string;
}

interface ServerError {
  readonly code: string;
  readonly text: string;
}

/** Reads an error answer to its end and says what it means. */
export async function statusError(response: HttpResponse, asked: Asked): Promise<OciError> {
  const { status, url } = response;
  const server = await readServerError(response, asked.redact);
  const details = { status, host: url.host };
  const said = server.text === '' ? '' : `: ${server.text}`;
  const pause = askedPause(response.headers);
  const wait = pause ? `, and asks us to wait for ${spanText(pause)}` : '';
  if (status === 404) return missingError(asked, server, details);
  if (server.code === 'DIGEST_INVALID') {
    return new OciError('E_DIGEST_MISMATCH', `${url.host} got other bytes than were sent by ${asked.what}${said}`, {
      ...details,
      hint: 'they were damaged on their way, and nothing of them was kept: try again',
    });
  }
  const known: Readonly<Record<number, readonly [OciErrorCode, string, string?]>> = {
    401: [
      'E_UNAUTHORIZED',
      `${url.host} does not let us at ${asked.what}${said}`,
      'log in, or check what the account may do',
    ],
    403: ['E_DENIED', `${url.host} denies access to ${asked.what}${said}`, 'check what the account may do'],
    405: ['E_UNSUPPORTED', `${url.host} does not offer this for ${asked.what}${said}`],
    429: ['E_RATE_LIMITED', `${url.host} has had too many requests${wait}${said}`, 'wait, log in, or use a mirror'],
  };
  const [code, message, hint]: readonly [OciErrorCode, string, string?] = known[status] ?? [
    'E_REGISTRY_STATUS',
    `${url.host} answers ${status} for ${asked.what}${said}`,
    status >= 500 ? 'the registry has a fault of its own: try again later' : hintForRefusal(response, server),
  ];
  return new OciError(code, message, { ...details, hint });
}

/** Milliseconds for people. */
function spanText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
}

/** Servers that want TLS answer plain HTTP with 400, and with none of a registry's codes. */
function hintForRefusal({ status, url }: HttpResponse, { code }: ServerError): string {
  if (status !== 400 || url.protocol !== 'http:' || code !== '') return 'look into the log of the registry';
  return 'it was spoken to in plain HTTP: if it wants TLS, name its authority, in certs.d/HOST/ca.crt for instance';
}

const hintForMissing: Readonly<Record<Asked['missing'], string>> = {
  E_MANIFEST_UNKNOWN: 'check the name and the tag',
  E_NAME_UNKNOWN: 'check the name',
  E_BLOB_UNKNOWN: 'the registry has lost a part of the image: push the image again',
  E_REGISTRY_STATUS: 'check the name of the registry and of the repository',
};

function missingError(asked: Asked, server: ServerError, details: { status: number; host: string }): OciError {
  if (asked.missing !== 'E_REGISTRY_STATUS' && server.code === 'NAME_UNKNOWN') {
    return new OciError('E_NAME_UNKNOWN', `${details.host} does not know the repository of ${asked.what}`, {
      ...details,
      hint: 'check the name; a private repository may also be hidden until one logs in',
    });
  }
  const said = asked.missing === 'E_REGISTRY_STATUS' && server.text !== '' ? `: ${server.text}` : '';
  const hint = hintForMissing[asked.missing];
  return new OciError(asked.missing, `${details.host} does not have ${asked.what}${said}`, { ...details, hint });
}

async function readServerError(response: HttpResponse, redact: (text: string) => string): Promise<ServerError> {
  const bytes = await response.body.bytes(65_536).catch(() => undefined);
  try {
    const json = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as {
      errors?: readonly { code?: unknown; message?: unknown }[];
    };
    const first = json.errors?.[0];
    const code = typeof first?.code === 'string' ? first.code : '';
    const message = typeof first?.message === 'string' ? first.message : '';
    return { code, text: printable(redact([code, message].filter(part => part !== '').join(' '))) };
  } catch {
    return { code: '', text: '' };
  }
}

/** A server's text, fit for a terminal: control characters gone, not longer than a line or two. */
function printable(text: string): string {
  const clean = text.replace(/[^\P{C} ]/gu, ' ').trim();
  return clean.length > 240 ? `${clean.slice(0, 240)}…` : clean;
}
