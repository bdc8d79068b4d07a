import { OciError } from '../errors.js';
import { type ContentReader, readSmallBlob } from '../model/content.js';
import type { Platform } from '../model/descriptor.js';
import { isImageConfig } from '../model/media-types.js';
import { isIndexJson, type ManifestContent, parseImageConfig } from '../model/parse.js';
import { matchPlatform, platformMismatch, selectPlatform } from '../platform.js';
import type { PulledImage } from './types.js';

const deepestIndex = 4;

/**
 * Goes from what a reference names to the manifest and config for a platform. E_PLATFORM_MISMATCH names what there is.
 * @param what names the image in errors.
 */
export async function selectImage(
  top: ManifestContent,
  platform: Platform,
  reader: ContentReader,
  what: string,
): Promise<PulledImage> {
  const content = await descend(top, platform, reader, what);
  const manifest = content.json;
  if (isIndexJson(manifest)) throw new OciError('E_BAD_MANIFEST', `${what} is an index of indexes, nested too deep`);
  if (!isImageConfig(manifest.config.mediaType)) {
    throw new OciError(
      'E_UNSUPPORTED_MEDIA_TYPE',
      `${what} is not an image: its config is ${manifest.config.mediaType}`,
    );
  }
  const configBytes = await readSmallBlob(manifest.config, reader, `config of ${what}`);
  const config = parseImageConfig(configBytes, `config of ${what}`);
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw new OciError(
      'E_BAD_MANIFEST',
      `${what} has ${manifest.layers.length} layers, but its config names ${config.rootfs.diff_ids.length}`,
    );
  }
  if (content === top && matchPlatform(platform, config) === 0) throw platformMismatch(what, platform, [config]);
  return {
    manifest,
    manifestDescriptor: content.descriptor,
    manifestBytes: content.bytes,
    config,
    configDescriptor: manifest.config,
    configBytes,
    ...(content === top ? {} : { indexDescriptor: top.descriptor }),
  };
}

async function descend(
  top: ManifestContent,
  platform: Platform,
  reader: ContentReader,
  what: string,
): Promise<ManifestContent> {
  let content = top;
  for (let depth = 0; depth < deepestIndex && isIndexJson(content.json); depth++) {
    const { manifests } = content.json;
    const unmarked = manifests.filter(entry => entry.platform === undefined);
    const chosen = selectPlatform(manifests, platform) ?? (manifests.length === 1 ? unmarked[0] : undefined);
    if (chosen === undefined) {
      const there = manifests.flatMap(entry => (entry.platform === undefined ? [] : [entry.platform]));
      throw platformMismatch(what, platform, there);
    }
    content = await reader.manifest(chosen);
  }
  return content;
}
