import { VarveError } from '@varve/engine/plugin';

/** This cache has no options; whatever was given is reported, all at once. Errors: `E_PLUGIN_OPTIONS`. */
export function parseOptions(raw: Readonly<Record<string, string>>): Readonly<Record<never, never>> {
  const names = Object.keys(raw);
  if (names.length === 0) return {};
  throw new VarveError('E_PLUGIN_OPTIONS', `the cache lmdb has no option ${names.join(', ')}`, {
    hint: 'write --cache lmdb; the folder is chosen with --store',
    data: { options: names },
  });
}
