import type { RegistryClient } from '@varve/oci';
import { layerTar } from '../host/layer-tar.js';
import { annotateImages } from '../image/annotate.js';
import type { BuiltImages } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import type { LayerToc } from '../model/toc.js';
import type { BegunExport, ExportResult, ExportTools } from '../plugin/exporter.js';
import { compressorFor } from '../providers/compressor-for.js';
import type { Output } from './outputs.js';
import type { Session } from './session.js';

/** What an output has written, and who did. */
export interface Exported extends ExportResult {
  readonly exporter: string;
}

/** Writes the images of a build to every output, at the same time; where an exporter can, from the first layer on. */
export class Exports implements AsyncDisposable {
  readonly #session: Session;
  readonly #outputs: readonly Output[];
  /** By output, those that have begun. */
  readonly #begun = new Map<Output, Promise<BegunExport>>();

  constructor(session: Session, outputs: readonly Output[]) {
    this.#session = session;
    this.#outputs = outputs;
  }

  /**
   * Tells of a layer that an image will have; `isNew`: a step of this build made it. Does not wait, and never throws: what goes wrong is an
   * error of `finish`.
   */
  layer(layer: Layer, isNew: boolean): void {
    // Nothing leaves this machine of an image that a plugin may still refuse.
    if (this.#session.hooks.has('imageBuilt')) return;
    for (const output of this.#outputs) {
      if (!output.exporter.begin) continue;
      const begun = this.#begun.get(output) ?? this.#begin(output);
      this.#begun.set(output, begun);
      begun.then(each => each.layer(layer, isNew)).catch(() => undefined);
    }
  }

  /** Errors: `E_EXPORT` and those of the exporters. */
  async finish(images: BuiltImages): Promise<readonly Exported[]> {
    const { progress, signal } = this.#session;
    const results = await Promise.all(
      this.#outputs.map(async output => {
        const { id, exporter, target, annotations } = output;
        const annotated = annotateImages(images, annotations);
        const begun = await this.#begun.get(output);
        const exported = await (begun?.finish(annotated) ??
          exporter.export(annotated, target, await this.#tools(output), signal));
        return exported.map(result => ({ exporter: id, ...result }));
      }),
    );
    const all = results.flat();
    for (const { exporter, target, digest } of all)
      progress.emit({ type: 'exported', time: progress.elapsed(), exporter, target, digest });
    return all;
  }

  /** Ends what has begun. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Error('the build is over');
    for (const begun of this.#begun.values()) await (await begun.catch(() => undefined))?.stop(reason);
  }

  async #begin(output: Output): Promise<BegunExport> {
    const { exporter, target } = output;
    const tools = await this.#tools(output);
    return (exporter.begin as NonNullable<typeof exporter.begin>)(target, tools, this.#session.signal);
  }

  async #tools({ id }: Output): Promise<ExportTools> {
    return exportTools(this.#session, id, await this.#session.registry());
  }
}

function exportTools(session: Session, id: string, registry: RegistryClient): ExportTools {
  const { blobs, progress, scratch } = session;
  return {
    registry,
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
