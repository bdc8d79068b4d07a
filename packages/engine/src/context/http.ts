import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, VarveError } from '../model/error.js';
import type { ContextSource } from '../plugin/context.js';
import { downloadHeaders } from './authorization.js';
import { invalidContext, notFound } from './invalid.js';

type Env = Readonly<Record<string, string | undefined>>;

/** `http://…`, `https://…`: a tar, or a Dockerfile alone, told by the content. Proxies and authorities as for registries. */
export function httpSource(env: Env): ContextSource {
  return {
    accepts: reference => /^https?:\/\//i.test(reference),
    async open({ reference, scratchDir, secret }, signal) {
      if (!URL.canParse(reference)) throw invalidContext('the context is not a URL that can be read');
      const description = shownUrl(new URL(reference));
      const headers = await downloadHeaders(reference, secret);
      const [{ download }, { openStream }] = await Promise.all([import('@varve/oci'), import('./stream.js')]);
      try {
        for (let left = newTries; ; left--) {
          const { body } = await download(reference, { env, signal, headers });
          const opened = await openStream(body, description, scratchDir, signal).catch((error: unknown) => {
            // What broke off, from a server that lets nothing be taken up again, begins again.
            if (left === 0 || codeOf(error) !== 'E_REGISTRY_CONNECTION') throw error;
          });
          if (opened) return opened;
          await rm(join(scratchDir, 'context'), { recursive: true, force: true });
        }
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof VarveError) throw cause;
        throw downloadError(description, cause);
      }
    },
  };
}

/** Downloads after the first, of what broke off in the middle. */
const newTries = 2;

/** A URL without user, password, query and fragment, any of which may hold a secret. */
function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

const accessHint =
  'write https://USER:PASSWORD@HOST/…, or give the header by --secret id=HTTP_AUTH_HEADER_HOST or a token by --secret id=HTTP_AUTH_TOKEN_HOST';

function downloadError(description: string, cause: unknown): unknown {
  if (codeOf(cause)?.startsWith('E_') !== true) return cause;
  const { status, message, hint } = cause as {
    readonly status?: number;
    readonly message: string;
    readonly hint?: string;
  };
  if (status === 404 || status === 410)
    return notFound(`there is no context at ${description}`, 'check the URL', cause);
  const wanted = status === 401 || status === 403 ? accessHint : hint;
  return notFound(`the context ${description} could not be fetched: ${message}`, wanted, cause);
}
