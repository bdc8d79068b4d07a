import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  createLayout,
  type Descriptor,
  type Layout,
  type ManifestFormat,
  type StoredImage,
  writeLayoutTar,
} from '@varve/oci';
import type { Exporter, ExportTarget, ExportTools } from '../plugin/exporter.js';
import { booleanAttribute, checkAttributes, destination, invalid } from './attributes.js';
import { type BuiltContent, builtContent } from './content.js';
import { abortable, exportError, writeOutput } from './output-file.js';

/**
 * An OCI image layout: a tar where `dest` ends in `.tar` or is `-`, else a folder; `tar=true|false` says it outright. Into a folder that
 * is a layout the image is added. `oci-mediatypes=false` writes Docker's media types. Names become annotations as buildx writes them.
 */
export const ociExporter: Exporter = {
  check(target) {
    checkAttributes('oci', target, ['dest', 'name', 'tar', 'oci-mediatypes']);
    booleanAttribute(target, 'oci-mediatypes');
    const dest = destination('oci', target);
    if (isTar(target, dest)) {
      if (dest !== '-' && statSync(dest, { throwIfNoEntry: false })?.isDirectory())
        throw invalid(
          `dest=${target.attributes.dest} is a folder, and the output is a tar`,
          'name a file, or write tar=false',
        );
      return;
    }
    if (dest === '-') throw invalid('a folder cannot be written to standard output', 'leave tar=false out');
    checkLayoutFolder(dest);
  },

  async export(images, target, tools, signal) {
    const dest = destination('oci', target);
    const content = await builtContent(images, tools.blob, manifestFormat(target));
    tools.progress(`to ${dest}`);
    if (isTar(target, dest)) {
      const tar = writeLayoutTar(namedImages(content.root.descriptor, target), content.reader);
      await writeOutput(dest, tar, tools, signal);
    } else await writeFolder(dest, { content, target, tools }, signal);
    tools.progress(`to ${dest}`, undefined, undefined, true);
    const { descriptor } = content.root;
    return [{ target: dest, digest: descriptor.digest, descriptor }];
  },
};

/** Media types asked for by `oci-mediatypes`. */
export function manifestFormat(target: ExportTarget): ManifestFormat | undefined {
  const oci = booleanAttribute(target, 'oci-mediatypes');
  return oci === undefined ? undefined : oci ? 'oci' : 'docker';
}

function isTar(target: ExportTarget, dest: string): boolean {
  return booleanAttribute(target, 'tar') ?? (dest === '-' || dest.endsWith('.tar'));
}

function namedImages(descriptor: Descriptor, { names }: ExportTarget): readonly StoredImage[] {
  return names.length === 0 ? [{ descriptor }] : names.map(name => ({ descriptor, name }));
}

/** Only a folder that is empty or a layout already may be written into. */
function checkLayoutFolder(dest: string): void {
  const stat = statSync(dest, { throwIfNoEntry: false });
  if (!stat || existsSync(join(dest, 'oci-layout'))) return;
  if (!stat.isDirectory())
    throw invalid(`${dest} is a file, and the output is a folder`, 'let dest end in .tar for a tar');
  if (readdirSync(dest).length > 0)
    throw invalid(`${dest} has other things in it than an OCI image layout`, 'name a new or an empty folder');
}

interface Wanted {
  readonly content: BuiltContent;
  readonly target: ExportTarget;
  readonly tools: Pick<ExportTools, 'beside'>;
}

async function writeFolder(dest: string, wanted: Wanted, signal: AbortSignal): Promise<void> {
  try {
    checkLayoutFolder(dest);
    if (existsSync(dest)) await addTo(dest, wanted, signal);
    else await makeAt(dest, wanted, signal);
  } catch (cause) {
    throw signal.aborted ? signal.reason : exportError(dest, cause);
  }
}

/** A new folder is made beside its place and takes it when it is complete. */
async function makeAt(dest: string, wanted: Wanted, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(dest), { recursive: true });
  const temporary = wanted.tools.beside(dest);
  try {
    await mkdir(temporary);
    await fill(await createLayout(temporary), wanted, signal);
    await rename(temporary, dest);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Blobs are added to a folder that is there before the index names them; what was empty is empty again after a failure. */
async function addTo(dest: string, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const empty = (await readdir(dest)).length === 0;
  try {
    const unfinished = (base: string): string => wanted.tools.beside(join(dest, base));
    await fill(await createLayout(dest, unfinished), wanted, signal);
  } catch (error) {
    if (empty) for (const name of await readdir(dest)) await rm(join(dest, name), { recursive: true, force: true });
    throw error;
  }
}

async function fill(
  layout: Layout,
  { content: { root, blobs, manifests, reader }, target }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  for (const blob of blobs)
    if (!(await layout.hasBlob(blob))) await layout.writeBlob(abortable(reader.blob(blob), signal), blob);
  for (const { bytes, descriptor } of manifests)
    if (!(await layout.hasBlob(descriptor))) await layout.writeBytes(bytes);
  signal.throwIfAborted();
  for (const { descriptor, name } of namedImages(root.descriptor, target)) await layout.setImage(descriptor, name);
}
