import { formatReference, parseReference, withDefaultTag } from '@varve/oci';
import { layerTar } from '../host/layer-tar.js';
import { annotateImages } from '../image/annotate.js';
import type { Annotation } from '../model/annotation.js';
import type { BuiltImages } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import type { BuildOptions, OutputSpec } from '../model/options.js';
import type { LayerToc } from '../model/toc.js';
import type { Exporter, ExportResult, ExportTarget, ExportTools } from '../plugin/exporter.js';
import { compressorFor } from '../providers/compressor-for.js';
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

/** What an output has written, and who did. */
export interface Exported extends ExportResult {
  readonly exporter: string;
}

/** Writes the images to every output, at the same time. */
export async function exportImages(
  session: Session,
  outputs: readonly Output[],
  images: BuiltImages,
): Promise<readonly Exported[]> {
  const { progress, signal } = session;
  const client = outputs.length > 0 ? await session.registry() : undefined;
  const results = await Promise.all(
    outputs.map(async ({ id, exporter, target, annotations }) => {
      const tools = { ...exportTools(session, id), registry: client as NonNullable<typeof client> };
      const exported = await exporter.export(annotateImages(images, annotations), target, tools, signal);
      return exported.map(result => ({ exporter: id, ...result }));
    }),
  );
  const all = results.flat();
  for (const { exporter, target, digest } of all)
    progress.emit({ type: 'exported', time: progress.elapsed(), exporter, target, digest });
  return all;
}

/** Keeps the images in the store, where nothing else was asked for. Gives the name they have there. */
export async function keepImages(session: Session, images: BuiltImages): Promise<string> {
  const names = (session.options.tags ?? []).map(normalName);
  const kept = names.length > 0 ? names : ['latest'];
  for (const image of images.images) for (const layer of image.layers) await session.blobs.ensure(layer.descriptor);
  await (await openKeptImages(session.store)).keep(images, kept);
  return kept[0] as string;
}

function exportTools(session: Session, id: string): Omit<ExportTools, 'registry'> {
  const { blobs, progress, scratch } = session;
  return {
    beside: scratch.beside,
    blob: descriptor => blobs.read(descriptor),
    tar: layer => tarOf(session, layer),
    toc: async layer => (await session.tocs.get(layer.diffId)) ?? readToc(tarOf(session, layer), session.signal),
    blobFile: descriptor => blobs.file(descriptor),
    knownIn: (descriptor, registry) => blobs.repositoryWith(descriptor.digest, registry),
    progress: (what, current, total, done) =>
      progress.report(id === 'registry' ? 'push' : 'export', what, {
        ...(current === undefined ? {} : { current }),
        ...(total === undefined ? {} : { total }),
        ...(done === undefined ? {} : { done }),
      }),
  };
}

async function readToc(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LayerToc> {
  const { readLayer, TocCollector } = await import('../layer/index.js');
  const collector = new TocCollector();
  await readLayer(tar, collector, signal);
  return collector.toc();
}

async function* tarOf(session: Session, layer: Layer): AsyncGenerator<Uint8Array> {
  const compressor = await compressorFor(session.providers, layer.descriptor.mediaType, name => session.tools(name));
  yield* layerTar(session.blobs.read(layer.descriptor), layer, compressor);
}
