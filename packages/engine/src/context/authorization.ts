import type { ContextRequest } from '../plugin/context.js';

/**
 * What a download has to say of itself, by the secrets `HTTP_AUTH_HEADER_HOST` (the whole value of the header) or `HTTP_AUTH_TOKEN_HOST` (a
 * bearer's token), as in BuildKit. The name of the host is with its port, if it has one. Errors: those of secrets.
 */
export async function downloadHeaders(
  url: string,
  secret: ContextRequest['secret'],
): Promise<Readonly<Record<string, string>>> {
  const { host } = new URL(url);
  const header = await secret?.(`HTTP_AUTH_HEADER_${host}`);
  const token = header ? undefined : await secret?.(`HTTP_AUTH_TOKEN_${host}`);
  const value = header ? textOf(header) : token ? `Bearer ${textOf(token)}` : undefined;
  return value === undefined ? {} : { authorization: value };
}

function textOf(secret: Uint8Array): string {
  return Buffer.from(secret).toString().trim();
}
