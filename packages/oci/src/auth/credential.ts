/** What proves who we are at one registry. */
export interface Credential {
  readonly username?: string;
  readonly password?: string;
  /** An OAuth2 refresh token, as `docker login` gets from some registries. */
  readonly identityToken?: string;
  /** A ready bearer token. */
  readonly registryToken?: string;
}

export interface LookupOptions {
  readonly signal?: AbortSignal | undefined;
  /** The registry refused what it was given: nothing that was read before counts. */
  readonly anew?: boolean;
}

/** Where credentials come from. They are asked for when a registry wants them, never before. */
export interface CredentialStore {
  /**
   * The credential for a registry or a path of it. Asked a second time, with `anew`, where the registry refuses it: those of helpers
   * expire, and mounted files are replaced.
   * @param registry host with optional port and path: `docker.io`, `ghcr.io/user/app`. The longest configured prefix wins.
   */
  lookup(registry: string, options?: LookupOptions): Promise<Credential | undefined>;
}

/** A store without credentials. */
export const noCredentials: CredentialStore = {
  lookup: () => Promise.resolve(undefined),
};
