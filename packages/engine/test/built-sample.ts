import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Descriptor, isIndexJson, parseManifest, type RegistryClient } from '@varve/oci';
import { chunksOf, type SampleImage, type SampleOptions, sampleImage, sampleIndex } from '@varve/oci/testing';
import { readLayer, TocCollector } from '../src/layer/index.js';
import type { Bytes } from '../src/model/bytes.js';
import type { BuiltImages, Image } from '../src/model/image.js';
import type { Layer } from '../src/model/layer.js';
import type { ExportTarget, ExportTools } from '../src/plugin/exporter.js';

/** What a build would hand to its exporters, made of small images in memory. */
export interface BuiltSample {
  readonly images: BuiltImages;
  /** Every blob and manifest by digest. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

export async function builtSample(
  first: SampleOptions = {},
  ...others: readonly SampleOptions[]
): Promise<BuiltSample> {
  const samples = await Promise.all([first, ...others].map(options => sampleImage(options)));
  const blobs = new Map(samples.flatMap(sample => [...sample.blobs]));
  const [image, ...rest] = samples.map(imageOf) as [Image, ...Image[]];
  if (rest.length === 0) return { images: { images: [image] }, blobs };
  const { descriptor, bytes } = sampleIndex(samples);
  return { images: { images: [image, ...rest], index: { descriptor, bytes } }, blobs };
}

function imageOf(sample: SampleImage): Image {
  const layers = sample.manifest.layers.map((descriptor, at) => ({
    descriptor,
    diffId: sample.config.rootfs.diff_ids[at] as Layer['diffId'],
  }));
  const configBytes = sample.blobs.get(sample.manifest.config.digest) as Uint8Array;
  return {
    platform: { os: sample.config.os, architecture: sample.config.architecture },
    config: sample.config,
    layers,
    configDescriptor: sample.manifest.config,
    configBytes,
    manifestDescriptor: sample.descriptor,
    manifestBytes: sample.manifestBytes,
  };
}

export interface SampleTools extends ExportTools {
  /** Digests of the blobs that were read. */
  readonly read: string[];
  readonly reports: {
    what: string;
    current?: number | undefined;
    total?: number | undefined;
    done?: boolean | undefined;
  }[];
}

/** Tools over the sample's blobs; `knownIn` says nothing unless it is given. */
export function sampleTools(
  { blobs }: BuiltSample,
  registry: RegistryClient,
  knownIn: ExportTools['knownIn'] = () => undefined,
): SampleTools {
  const read: string[] = [];
  const reports: SampleTools['reports'] = [];
  const bytesOf = ({ digest }: Descriptor): Uint8Array => {
    read.push(digest);
    const bytes = blobs.get(digest);
    if (!bytes) throw new Error(`no blob ${digest}`);
    return bytes;
  };
  const tar = ({ descriptor }: Layer): Bytes => {
    const bytes = bytesOf(descriptor);
    return chunksOf(descriptor.mediaType.endsWith('gzip') ? gunzipSync(bytes) : bytes);
  };
  return {
    read,
    reports,
    registry,
    knownIn,
    blob: descriptor => chunksOf(bytesOf(descriptor)),
    tar,
    toc: async layer => {
      const collector = new TocCollector();
      await readLayer(tar(layer), collector);
      return collector.toc();
    },
    blobFile: () => undefined,
    beside: dest => join(dirname(dest), `.${basename(dest)}.tmp`),
    progress: (what, current, total, done) => reports.push({ what, current, total, done }),
  };
}

export function exportTarget(attributes: Readonly<Record<string, string>>, ...names: readonly string[]): ExportTarget {
  return { attributes, names, cwd: '/' };
}

/** The descriptors in a manifest file on disk. */
export function readIndexEntries(file: string): readonly Descriptor[] {
  const { json } = parseManifest(readFileSync(file), undefined, file);
  return isIndexJson(json) ? json.manifests : [];
}
