import { hostPlatform, parsePlatform, type RegistrySettings } from '@varve/oci';
import { layerTar } from '../host/layer-tar.js';
import type { BundledPlugin } from '../model/options.js';
import { comparePaths } from '../path/order.js';
import { compressorFor } from '../providers/compressor-for.js';
import { openSession, type Session } from '../session/session.js';
import { configFacts } from './config-facts.js';
import { compareFacts, type Facts, type FileDifference, type ImageDifference } from './difference.js';
import { mergedFiles } from './merged-files.js';
import { type OpenedImage, openImage } from './open-image.js';
import { type ScannedLayer, scanLayer } from './scan-layer.js';

export interface DiffOptions {
  /** The store's folder. */
  readonly store: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Which image of an index; default: that of this machine. */
  readonly platform?: string;
  readonly registries?: RegistrySettings;
  readonly bundled?: readonly BundledPlugin[];
  readonly signal?: AbortSignal;
}

/**
 * What differs from image `a` to image `b`: their configs, and their merged files by metadata and content. Both are read as streams, a layer
 * that they share once, and nothing is unpacked. See {@link openImage} for what `a` and `b` may be, and for errors.
 */
export async function diffImages(a: string, b: string, options: DiffOptions): Promise<ImageDifference> {
  const { store, cwd, env, signal } = options;
  const { registries = {}, bundled = [] } = options;
  const platform = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const settings = { context: cwd, store, cwd, env, registries, bundled };
  await using session = await openSession(settings, signal ? { signal } : {});
  await using first = await openImage(a, platform, session);
  await using second = await openImage(b, platform, session);
  const scans = new LayerScans(session);
  const [was, is] = [await scans.files(first), await scans.files(second)];
  return { config: compareFacts(configFacts(first.config), configFacts(second.config)), files: compareFiles(was, is) };
}

/** Scans of layers, each made once. */
class LayerScans {
  readonly #session: Session;
  readonly #scans = new Map<string, ScannedLayer>();

  constructor(session: Session) {
    this.#session = session;
  }

  async files(image: OpenedImage): Promise<ReadonlyMap<string, Facts>> {
    const { providers, signal, tools } = this.#session;
    const scans: ScannedLayer[] = [];
    for (const layer of image.layers) {
      const compressor = await compressorFor(providers, layer.descriptor.mediaType, tools);
      const scan =
        this.#scans.get(layer.diffId) ??
        (await scanLayer(layerTar(image.blob(layer.descriptor), layer, compressor), signal));
      this.#scans.set(layer.diffId, scan);
      scans.push(scan);
    }
    return mergedFiles(scans);
  }
}

function compareFiles(was: ReadonlyMap<string, Facts>, is: ReadonlyMap<string, Facts>): readonly FileDifference[] {
  const none: Facts = new Map();
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort(comparePaths);
  return paths.flatMap((path): readonly FileDifference[] => {
    const [before, after] = [was.get(path), is.get(path)];
    const facts = compareFacts(before ?? none, after ?? none);
    if (before && after && facts.length === 0) return [];
    return [{ path, kind: before && after ? 'changed' : after ? 'added' : 'removed', facts }];
  });
}
