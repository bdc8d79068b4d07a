import { formatReference, parseReference, withDefaultTag } from '@varve/oci';
import type { Annotation } from '../model/annotation.js';
import type { BuiltImages } from '../model/image.js';
import type { BuildOptions, OutputSpec } from '../model/options.js';
import type { Exporter, ExportTarget } from '../plugin/exporter.js';
import { openKeptImages } from '../store/kept.js';
import { annotatedOutput, checkAnnotations } from './annotations.js';
import type { Session } from './session.js';

/** One place that the images of a build go to. */
export interface Output {
  readonly id: string;
  readonly exporter: Exporter;
  readonly target: ExportTarget;
  /** On this output alone. */
  readonly annotations: readonly Annotation[];
}

/** The outputs of a build, checked before anything is done. Errors: `E_OUTPUT_INVALID`, `E_NO_PROVIDER`, `E_BAD_REFERENCE`. */
export async function openOutputs(session: Session): Promise<readonly Output[]> {
  const tags = (session.options.tags ?? []).map(normalName);
  checkAnnotations(session.options.annotations ?? [], session.options);
  return Promise.all(
    outputSpecs(session.options).map(async spec => {
      const { type, attributes, annotations } = annotatedOutput(spec, session.options);
      const provider = await session.providers.get('exporter', { id: type, options: {} });
      const exporter = await provider.create(session.tools(`exporter-${type}`));
      const names = attributes.name === undefined ? tags : attributes.name.split(',').map(normalName);
      const target = { attributes, names, cwd: session.options.cwd };
      exporter.check(target);
      return { id: type, exporter, target, annotations };
    }),
  );
}

function outputSpecs({ outputs = [], push }: BuildOptions): readonly OutputSpec[] {
  // An output with names of its own does not push those of -t.
  const pushes = outputs.some(({ type, attributes }) => type === 'registry' && attributes.name === undefined);
  return push && !pushes ? [...outputs, { type: 'registry', attributes: {} }] : outputs;
}

function normalName(text: string): string {
  return formatReference(withDefaultTag(parseReference(text)));
}

/** Keeps the images in the store, where nothing else was asked for. Gives the name they have there. */
export async function keepImages(session: Session, images: BuiltImages): Promise<string> {
  const names = (session.options.tags ?? []).map(normalName);
  const kept = names.length > 0 ? names : ['latest'];
  for (const image of images.images) for (const layer of image.layers) await session.blobs.ensure(layer.descriptor);
  await (await openKeptImages(session.store)).keep(images, kept);
  return kept[0] as string;
}
