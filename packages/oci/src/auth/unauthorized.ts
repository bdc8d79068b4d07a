import { OciError, type OciErrorDetails } from '../errors.js';

/** What was to be got at, on whose behalf. */
export interface Refused {
  /** The name that one logs in to. */
  readonly registry: string;
  /** Path below it; empty for the registry itself. */
  readonly repository: string;
  /** Were credentials shown? */
  readonly known: boolean;
}

/** The error of who is not let in. Registries say of what does not exist, too, that credentials are missing. */
export function unauthorized({ registry, repository, known }: Refused, details: OciErrorDetails): OciError {
  const what = repository === '' ? '' : ` for ${repository}`;
  if (known) {
    return new OciError('E_UNAUTHORIZED', `${registry} refuses its credentials${what}`, {
      ...details,
      hint: `log in to ${registry} again, or check ${what === '' ? '' : 'the name and '}what the account may do`,
    });
  }
  return new OciError('E_UNAUTHORIZED', `${registry} wants credentials${what}, and there are none`, {
    ...details,
    hint: `${what === '' ? '' : 'check the name: what does not exist is often hidden like this; or '}log in to ${registry}`,
  });
}
