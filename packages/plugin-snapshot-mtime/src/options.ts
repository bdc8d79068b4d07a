import { VarveError } from '@varve/engine/plugin';

/** This snapshotter has no options; whatever was given is reported, all at once. Errors: `E_PLUGIN_OPTIONS`. */
export function parseOptions(raw: Readonly<Record<string, string>>): Readonly<Record<never, never>> {
  const names = Object.keys(raw);
  if (names.length === 0) return {};
  throw new VarveError('E_PLUGIN_OPTIONS', `the snapshotter mtime has no option ${names.join(', ')}`, {
    hint: 'Write --snapshot mtime; a snapshotter that has options is full.',
    data: { problems: names },
  });
}
