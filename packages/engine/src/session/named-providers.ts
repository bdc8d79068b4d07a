import type { Session } from './session.js';

/**
 * Finds the providers that the user named, though nothing may need them: a wrong name is a wrong call whatever the Dockerfile holds.
 * Errors: `E_NO_PROVIDER`, `E_PLUGIN_OPTIONS`.
 */
export async function findNamedProviders({ options, providers }: Session): Promise<void> {
  const { snapshotter, executor, compression } = options;
  if (snapshotter) await providers.get('snapshotter', snapshotter);
  if (executor) await providers.get('executor', executor);
  if (compression) await providers.get('compressor', compression);
}
