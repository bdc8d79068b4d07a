import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Descriptor } from '@varve/oci';
import { VarveError } from '../model/error.js';
import type { BuiltImages } from '../model/image.js';
import type { Session } from './session.js';

/**
 * Writes `--metadata-file` (with buildx's names) and `--iidfile` (the digest of the config, as Docker's). `root` is the manifest or index that
 * people will pull. Errors: `E_OUTPUT_INVALID`.
 */
export async function writeResultFiles(session: Session, images: BuiltImages, root: Descriptor): Promise<void> {
  const { metadataFile, iidFile, tags, cwd } = session.options;
  const [image] = images.images;
  if (metadataFile !== undefined) {
    const metadata = {
      'containerimage.config.digest': image.configDescriptor.digest,
      'containerimage.descriptor': root,
      'containerimage.digest': root.digest,
      ...(tags && tags.length > 0 ? { 'image.name': tags.join(',') } : {}),
    };
    await writeWhole(session, resolve(cwd, metadataFile), `${JSON.stringify(metadata, null, 2)}\n`);
  }
  if (iidFile !== undefined)
    await writeWhole(session, resolve(cwd, iidFile), images.index ? root.digest : image.configDescriptor.digest);
}

async function writeWhole({ scratch }: Session, path: string, text: string): Promise<void> {
  const partial = scratch.beside(path);
  try {
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new VarveError('E_OUTPUT_INVALID', `${path} cannot be written: ${(cause as Error).message}`, {
      hint: 'check that its folder exists and is yours to write to',
      cause,
    });
  }
}
