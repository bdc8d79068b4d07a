import { digestOf } from '../digest.js';
import { OciError } from '../errors.js';
import { type ContentReader, collectContent, readSmallBlob } from '../model/content.js';
import type { Descriptor, Digest } from '../model/descriptor.js';
import { type LayerCompression, layerCompression } from '../model/media-types.js';
import { isIndexJson, parseImageConfig } from '../model/parse.js';
import { familiarReference, parseReference, withDefaultTag } from '../reference.js';
import { type Decompress, decompress } from './decompress.js';
import { textMember } from './layout-tar.js';
import { type TarMember, writeTar } from './tar-write.js';

/** An image for a docker archive. */
export interface DockerArchiveImage {
  /** An image manifest, not an index: the format holds one platform. */
  readonly descriptor: Descriptor;
  /** References that the image gets when it is loaded. */
  readonly names: readonly string[];
}

export interface DockerArchiveOptions {
  /** Unpacks what is to be unpacked. Default: zlib. */
  readonly decompress?: Decompress;
  /**
   * Which layers to write unpacked. Default: those in zstd, which not every loader reads; gzip is taken by all. A layer that is
   * unpacked is read twice, since a tar tells the size before the content.
   */
  readonly unpack?: (compression: LayerCompression) => boolean;
}

interface ManifestEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

/** The work of the public `writeDockerArchive`. */
export async function* writeDockerArchive(
  images: readonly DockerArchiveImage[],
  reader: ContentReader,
  options: DockerArchiveOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* writeTar(archiveMembers(images, reader, options));
}

async function* archiveMembers(
  images: readonly DockerArchiveImage[],
  reader: ContentReader,
  options: DockerArchiveOptions,
): AsyncGenerator<TarMember, void, undefined> {
  const done = new Set<string>();
  const entries: ManifestEntry[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const image of images) {
    const parts = await partsOf(image, reader);
    for (const { member, descriptor } of parts.layers) {
      if (done.has(member)) continue;
      done.add(member);
      yield await layerMember(member, descriptor, reader, options);
    }
    if (!done.has(parts.configName)) {
      done.add(parts.configName);
      yield { name: parts.configName, size: parts.configBytes.byteLength, content: parts.configBytes };
    }
    const tags = image.names.map(name => withDefaultTag(parseReference(name)));
    const Layers = parts.layers.map(({ member }) => member);
    entries.push({ Config: parts.configName, RepoTags: tags.map(familiarTag), Layers });
    const top = Layers.at(-1)?.split('/')[0];
    for (const tag of tags) {
      const name = familiarReference({ registry: tag.registry, repository: tag.repository });
      if (top !== undefined) repositories[name] = { ...repositories[name], [tag.tag ?? 'latest']: top };
    }
  }
  yield textMember('manifest.json', JSON.stringify(entries));
  yield textMember('repositories', JSON.stringify(repositories));
}

async function partsOf({ descriptor }: DockerArchiveImage, reader: ContentReader) {
  const { root } = await collectContent(descriptor, reader);
  if (isIndexJson(root.json)) {
    throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', 'a docker archive holds images of one platform, not an index', {
      hint: 'choose a platform, or write an OCI layout',
    });
  }
  const { config, layers } = root.json;
  const configBytes = await readSmallBlob(config, reader, `config ${config.digest}`);
  const diffIds = parseImageConfig(configBytes, `config ${config.digest}`).rootfs.diff_ids;
  if (diffIds.length !== layers.length) {
    throw new OciError(
      'E_BAD_MANIFEST',
      `the image ${descriptor.digest} and its config differ in the number of layers`,
    );
  }
  return {
    configBytes,
    configName: `${hexOf(digestOf(configBytes))}.json`,
    layers: layers.map((layer, at) => ({ descriptor: layer, member: `${hexOf(diffIds[at] as Digest)}/layer.tar` })),
  };
}

async function layerMember(
  name: string,
  descriptor: Descriptor,
  reader: ContentReader,
  options: DockerArchiveOptions,
): Promise<TarMember> {
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new OciError(
      'E_UNSUPPORTED_MEDIA_TYPE',
      `a docker archive cannot hold a layer of type ${descriptor.mediaType}`,
    );
  }
  const unpack = options.unpack ?? (found => found === 'zstd');
  if (!unpack(compression)) return { name, size: descriptor.size, content: reader.blob(descriptor) };
  const unpacked = (): AsyncIterable<Uint8Array> =>
    (options.decompress ?? decompress)(compression, reader.blob(descriptor));
  let size = 0;
  for await (const chunk of unpacked()) size += chunk.byteLength;
  return { name, size, content: unpacked() };
}

/** Name and tag as Docker shows them; a digest has no place in `RepoTags`. */
function familiarTag({ registry, repository, tag }: ReturnType<typeof parseReference>): string {
  return familiarReference({ registry, repository, tag: tag ?? 'latest' });
}

function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
