/** What the command line has for what a library can only say in words of its own. */
const flagHints: Readonly<Record<string, string>> = {
  E_REGISTRY_TLS:
    '--registry-certificate, --registry-client-cert and --skip-tls-verify-registry say how a registry is trusted',
  E_UNAUTHORIZED: 'varve login keeps credentials for a registry',
};

/** The hint of an error with the flag or command that helps, where there is one for its code. */
export function withFlagHint(code: string, hint: string | undefined): string | undefined {
  const more = flagHints[code];
  if (more === undefined) return hint;
  return hint === undefined ? more : `${hint}; ${more}`;
}
