import type { Annotation, AnnotationTarget } from '@varve/engine';
import { splitFullPair } from './key-value.js';
import { BadValue } from './problems.js';

const targets: readonly AnnotationTarget[] = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];
const prefix = new RegExp(`^(?:(?:${targets.join('|')})(?:\\[[^\\]]*\\])?(?:,|(?=:)))+:`);
const part = /([a-z-]+)(?:\[([^\]]*)\])?/g;

/**
 * `[TARGET[[PLATFORM]][,TARGET…]:]NAME=VALUE`, as buildx reads it: an annotation on each of the targets, on manifests where none is named. A
 * name with a colon in it is one as long as no target stands before it.
 */
export function parseAnnotation(text: string): readonly Annotation[] {
  const where = prefix.exec(text)?.[0] ?? '';
  const { name, value } = splitFullPair(text.slice(where.length));
  if (where === '') return [{ on: 'manifest', name, value }];
  return [...where.matchAll(part)].map(([, on, platform]) => {
    if (platform === undefined) return { on: on as AnnotationTarget, name, value };
    if (!/^[a-z0-9_.-]+(?:\/[a-z0-9_.-]+){0,2}$/i.test(platform))
      throw new BadValue(`${platform === '' ? 'an empty platform' : platform} is not of the form OS/ARCH[/VARIANT]`);
    if (on?.startsWith('index') === true) throw new BadValue('an index is of no platform');
    return { on: on as AnnotationTarget, platform, name, value };
  });
}
