import type { SourceRef } from '../model/graph.js';

/** What a `--build-context NAME=VALUE` stands for. */
export type NamedContext =
  /** By reference; `oci-layout://…` for one in a layout on this machine. */
  | { readonly kind: 'image'; readonly reference: string }
  /** A stage of the same file. */
  | { readonly kind: 'target'; readonly stage: string }
  | { readonly kind: 'files'; readonly reference: string };

/** The named contexts of a build, by lower-case name. */
export function namedContexts(given: Readonly<Record<string, string>>): ReadonlyMap<string, NamedContext> {
  return new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), parseNamedContext(value)]));
}

function parseNamedContext(value: string): NamedContext {
  if (value.startsWith('docker-image://')) return { kind: 'image', reference: value.slice('docker-image://'.length) };
  if (value.startsWith('oci-layout://')) return { kind: 'image', reference: value };
  if (value.startsWith('target:')) return { kind: 'target', stage: value.slice('target:'.length) };
  return { kind: 'files', reference: value };
}

/** The named context that a FROM or a `--from` means by this word, if there is one; `target` gives the stage of that name. */
export function namedSource(
  contexts: ReadonlyMap<string, NamedContext>,
  word: string,
  target: (stage: string) => SourceRef,
): SourceRef | undefined {
  const name = word.toLowerCase();
  const context =
    contexts.get(name) ?? contexts.get(name.replace(/^(docker\.io\/(library\/)?)/, '').replace(/:latest$/, ''));
  if (!context) return undefined;
  if (context.kind === 'target') return target(context.stage);
  return context.kind === 'image' ? { kind: 'image', reference: context.reference } : { kind: 'context', name };
}
