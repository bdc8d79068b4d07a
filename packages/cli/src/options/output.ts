import type { OutputSpec } from '@varve/engine';
import { attributesOf } from './attributes.js';
import { csvFields } from './csv.js';
import { BadValue } from './problems.js';

/** Type that buildx uses for a daemon's or a registry's images. */
const imageType = 'image';

/**
 * `-o` as `docker buildx build` reads it: a lone path is `type=local`, `-` is a tar archive on standard output, anything else is
 * `type=…,key=value`. The types themselves are checked by the engine, since plugins may bring their own.
 */
export function parseOutput(value: string): OutputSpec {
  if (value === '-') return { type: 'tar', attributes: { dest: '-' } };
  const fields = csvFields(value);
  if (fields.length === 1 && fields[0] === value && !value.startsWith('type=')) {
    if (value === '') throw new BadValue('a path or type=… is missing');
    if (/^\w+=/.test(value)) throw new BadValue(`type= is missing; a folder of that name is written ./${value}`);
    return { type: 'local', attributes: { dest: value } };
  }
  const { type, ...attributes } = attributesOf(fields);
  if (type === undefined || type === '') throw new BadValue('type= is missing');
  if (type === imageType) return imageOutput(attributes);
  if (type === 'local' && attributes.dest === undefined) throw new BadValue('dest= is missing');
  return { type, attributes };
}

/** `type=image,push=true` is what buildx calls a push. */
function imageOutput(all: Readonly<Record<string, string>>): OutputSpec {
  const { push, ...attributes } = all;
  if (push !== 'true' && push !== '1') {
    throw new BadValue(
      'type=image without push=true keeps an image in a daemon, and there is none; use type=oci or type=docker',
    );
  }
  return { type: 'registry', attributes };
}
