import { flattenLayers } from '../layer/flatten.js';
import type { Bytes } from '../model/bytes.js';
import type { Image } from '../model/image.js';
import type { ExportTools } from '../plugin/exporter.js';
import { abortable } from './output-file.js';

/** The merged file system of an image as one tar. Errors: those of reading layers. */
export async function* fileSystemTar(image: Image, tools: ExportTools, signal: AbortSignal): Bytes {
  const layers = await Promise.all(
    image.layers.map(async layer => ({ toc: await tools.toc(layer), tar: () => tools.tar(layer) })),
  );
  yield* abortable(flattenLayers(layers), signal);
}
