/** What proves who we are at one registry. */
export interface Credential {
  readonly username?: string;
  readonly password?: string;
  /** An OAuth2 refresh token, as `docker login` gets from some registries. */
  readonly identityToken?: string;
  /** A ready bearer token. */
  readonly registryToken?: string;
}

/** Where credentials come from. They are asked for when a registry wants them, never before. */
export interface CredentialStore {
  /**
   * The credential for a registry or a path of it.
   * @param registry host with optional port and path: `docker.io`, `ghcr.io/user/app`. The longest configured prefix wins.
   */
  lookup(registry: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Credential | undefined>;
}

/** A store without credentials. */
export const noCredentials: CredentialStore = {
  lookup: () => Promise.resolve(undefined),
};
