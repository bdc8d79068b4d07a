import { formatPlatform, parsePlatform } from '@varve/oci';
import { type Annotation, type AnnotationTarget, annotationTargets } from '../model/annotation.js';
import { VarveError } from '../model/error.js';
import type { BuildOptions, OutputSpec } from '../model/options.js';
import { platformsOf } from './platforms.js';

/** An output with its annotations apart from its other attributes. */
export interface AnnotatedOutput extends OutputSpec {
  readonly annotations: readonly Annotation[];
}

/** Outputs without a manifest, which could carry no annotation. */
const plainTypes: ReadonlySet<string> = new Set(['local', 'tar', 'docker']);

const attribute = new RegExp(`^annotation(?:-(${annotationTargets.join('|')}))?(?:\\[([^\\]]+)\\])?\\.(.+)$`);

/**
 * Takes `annotation[-TARGET][[PLATFORM]].NAME=VALUE` out of an output's attributes, as buildx writes them. Errors: `E_OUTPUT_INVALID` where the
 * output has no room for them, or what they are for will not be.
 */
export function annotatedOutput({ type, attributes }: OutputSpec, options: BuildOptions): AnnotatedOutput {
  const annotations: Annotation[] = [];
  const others: Record<string, string> = {};
  for (const [key, value] of Object.entries(attributes)) {
    const [, on = 'manifest', platform, name] = attribute.exec(key) ?? [];
    if (name === undefined) others[key] = value;
    else annotations.push({ on: on as AnnotationTarget, name, value, ...(platform === undefined ? {} : { platform }) });
  }
  if (annotations.length > 0 && plainTypes.has(type))
    throw invalid(`the output type=${type} holds no manifest that could be annotated`, 'use type=oci or type=registry');
  checkAnnotations(annotations, options);
  const docker = others['oci-mediatypes'] === 'false' || others['oci-mediatypes'] === '0';
  if (docker && annotations.length + (options.annotations ?? []).length > 0)
    throw invalid("Docker's media types have no annotations", 'leave oci-mediatypes=false out, or the annotations');
  return { type, attributes: others, annotations };
}

/** Errors: `E_OUTPUT_INVALID` where annotations are for an index or a platform that this build does not make. */
export function checkAnnotations(annotations: readonly Annotation[], options: BuildOptions): void {
  const platforms = platformsOf(options).map(formatPlatform);
  for (const { on, platform, name } of annotations) {
    if (on.startsWith('index') && platforms.length < 2)
      throw invalid(`the annotation ${name} is for an index, and an image of one platform has none`, 'write manifest:');
    if (platform !== undefined && !platforms.includes(formatPlatform(parsePlatform(platform))))
      throw invalid(
        `the annotation ${name} is for ${platform}, which is not built`,
        `built is ${platforms.join(', ')}`,
      );
  }
}

function invalid(message: string, hint: string): VarveError {
  return new VarveError('E_OUTPUT_INVALID', message, { hint });
}
