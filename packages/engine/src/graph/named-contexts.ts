import { VarveError } from '../model/error.js';
import type { SourceRef } from '../model/graph.js';

/** What a `--build-context NAME=VALUE` stands for. */
export type NamedContext =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'files'; readonly reference: string };

/** The named contexts of a build, by lower-case name. Errors: `E_CONTEXT_UNSUPPORTED`. */
export function namedContexts(given: Readonly<Record<string, string>>): ReadonlyMap<string, NamedContext> {
  return new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), parseNamedContext(name, value)]));
}

function parseNamedContext(name: string, value: string): NamedContext {
  const scheme = /^([a-z-]+):\/\//.exec(value)?.[1];
  if (scheme === 'docker-image') return { kind: 'image', reference: value.slice('docker-image://'.length) };
  if (scheme === 'oci-layout' || value.startsWith('target:'))
    throw new VarveError('E_CONTEXT_UNSUPPORTED', `--build-context ${name}: "${value}" is not supported yet`, {
      hint: 'give a folder, or an image as docker-image://REFERENCE',
    });
  return { kind: 'files', reference: value };
}

/** The named context that a FROM or a `--from` means by this word, if there is one. */
export function namedSource(contexts: ReadonlyMap<string, NamedContext>, word: string): SourceRef | undefined {
  const name = word.toLowerCase();
  const context =
    contexts.get(name) ?? contexts.get(name.replace(/^(docker\.io\/(library\/)?)/, '').replace(/:latest$/, ''));
  if (!context) return undefined;
  return context.kind === 'image' ? { kind: 'image', reference: context.reference } : { kind: 'context', name };
}
