import {
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  isIndexJson,
  type Platform,
  type PulledImage,
  parseImageConfig,
  parseManifest,
} from '@varve/oci';
import type { Memory } from '../plugin/cache.js';

/** Raised when the notes change their form or meaning. */
const version = 1;

/** An image as a registry had it, and the digest of what its reference named then: the manifest, or an index. */
export interface KnownImage {
  readonly top: Digest;
  readonly pulled: PulledImage;
}

/** What is remembered of a reference on a platform; undefined where it is nothing or damaged. */
export async function recallImage(memory: Memory, shown: string, platform: Platform): Promise<KnownImage | undefined> {
  const [note] = await memory.recall([noteName(shown, platform)]);
  if (!note) return undefined;
  try {
    return parseNote(Buffer.from(note).toString('utf8'), shown);
  } catch {
    return undefined;
  }
}

/** Remembers manifest and config of a reference. */
export async function rememberImage(
  memory: Memory,
  shown: string,
  platform: Platform,
  pulled: PulledImage,
): Promise<void> {
  const { manifestDescriptor, manifestBytes, configBytes, indexDescriptor } = pulled;
  const note = {
    top: (indexDescriptor ?? manifestDescriptor).digest,
    mediaType: manifestDescriptor.mediaType,
    digest: manifestDescriptor.digest,
    manifest: Buffer.from(manifestBytes).toString('base64'),
    config: Buffer.from(configBytes).toString('base64'),
  };
  await memory.remember([{ name: noteName(shown, platform), value: Buffer.from(JSON.stringify(note)) }]);
}

function noteName(shown: string, platform: Platform): string {
  return `image ${version} ${formatPlatform(platform)} ${shown}`;
}

/** Manifest and config are checked by their digests: a note is worth no more than what it proves. */
function parseNote(text: string, shown: string): KnownImage | undefined {
  const note = JSON.parse(text) as Readonly<Record<'top' | 'mediaType' | 'digest' | 'manifest' | 'config', string>>;
  const manifestBytes = Buffer.from(note.manifest, 'base64');
  const configBytes = Buffer.from(note.config, 'base64');
  const { json, mediaType } = parseManifest(manifestBytes, note.mediaType, `manifest of ${shown}`);
  if (isIndexJson(json)) return undefined;
  const digest = digestOf(manifestBytes);
  if (digest !== note.digest || digestOf(configBytes) !== json.config.digest) return undefined;
  const manifestDescriptor: Descriptor = { mediaType, digest, size: manifestBytes.length };
  const pulled: PulledImage = {
    manifest: json,
    manifestDescriptor,
    manifestBytes,
    config: parseImageConfig(configBytes, `config of ${shown}`),
    configDescriptor: json.config,
    configBytes,
  };
  return { top: note.top as Digest, pulled };
}
