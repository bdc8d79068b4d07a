import { chmodSync, statSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unpackLayer } from '../layer/unpack/unpack-layer.js';
import type { Bytes } from '../model/bytes.js';
import { VarveError } from '../model/error.js';
import type { FileEntry } from '../model/file-entry.js';
import type { Image } from '../model/image.js';
import type { TreePath } from '../model/path.js';
import { onDisk } from '../path/bytes.js';
import type { Exporter } from '../plugin/exporter.js';
import { booleanAttribute, checkAttributes, destination, invalid } from './attributes.js';
import { fileSystemTar } from './file-system.js';
import { exportError } from './output-file.js';

type Warn = (code: string, message: string, hint?: string) => void;

/**
 * The merged file system of the image in a folder: with its owners where we are root, else as our own. What the folder held stays,
 * unless the image has it too. Several platforms get a folder each (`linux_amd64`); `platform-split=true|false` says it outright.
 */
export function localExporter(warn: Warn): Exporter {
  return {
    check(target) {
      checkAttributes('local', target, ['dest', 'platform-split']);
      booleanAttribute(target, 'platform-split');
      checkFolder(destination('local', target));
    },

    async export({ images, index }, target, tools, signal) {
      const dest = destination('local', target);
      checkFolder(dest);
      const split = booleanAttribute(target, 'platform-split') ?? images.length > 1;
      tools.progress(`to ${dest}`);
      try {
        await mkdir(dirname(dest), { recursive: true });
        const temporary = tools.beside(dest);
        await mkdir(temporary, { mode: 0o700 });
        try {
          const made = join(temporary, 'files');
          await mkdir(made);
          let left = 0;
          for (const image of images) {
            const dir = split ? join(made, folderOf(image)) : made;
            if (split) await mkdir(dir);
            left += await unpack(fileSystemTar(image, tools, signal), dir, signal);
          }
          if (left > 0) warn('W_EXPORT_DEVICES', `${left} device files were left out: only root can make them`);
          await moveInto(made, dest);
        } finally {
          await rm(temporary, { recursive: true, force: true });
        }
      } catch (cause) {
        throw signal.aborted ? signal.reason : exportError(dest, cause);
      }
      tools.progress(`to ${dest}`, undefined, undefined, true);
      return [{ target: dest, digest: (index?.descriptor ?? images[0].manifestDescriptor).digest }];
    },
  };
}

function checkFolder(dest: string): void {
  if (dest === '-') throw invalid('a folder cannot be written to standard output', 'write type=tar,dest=-');
  if (dest === '/') throw invalid('dest=/ would put the image over this system', 'name a folder');
  const stat = statSync(dest, { throwIfNoEntry: false });
  if (stat && !stat.isDirectory()) throw invalid(`${dest} is a file, and the output is a folder`, 'name a folder');
}

function folderOf({ platform }: Image): string {
  return [platform.os, platform.architecture, platform.variant].filter(part => part !== undefined).join('_');
}

/** Gives the number of devices that could not be made. */
async function unpack(tar: Bytes, dir: string, signal: AbortSignal): Promise<number> {
  const canChown = process.geteuid?.() === 0;
  const { masked } = await unpackLayer(tar, { dir, canChown, signal });
  return canChown ? 0 : settleMasked(dir, masked);
}

/** Gives files the bits that unpacking left out for its own sake, and removes what stands in for devices. */
async function settleMasked(dir: string, masked: ReadonlyMap<TreePath, FileEntry>): Promise<number> {
  let devices = 0;
  for (const [path, { type, mode }] of masked) {
    const place = onDisk(dir, path);
    if (type === 'char' || type === 'block') {
      await rm(place);
      devices++;
    } else if (type === 'file') chmodSync(place, mode | 0o600);
  }
  return devices;
}

/** Moves what is in a folder into another one on the same file system: a new place at once, else name by name, folders merged. */
async function moveInto(from: string, to: string): Promise<void> {
  const there = await lstat(to).catch(() => undefined);
  if (!there) {
    await rename(from, to);
    return;
  }
  // Looked through before anything is moved: a conflict leaves all as it was.
  await eachPair(Buffer.from(from), Buffer.from(to), refuseConflict);
  await eachPair(Buffer.from(from), Buffer.from(to), (source, target) => rename(source, target));
}

/** Visits what is in one folder with its place in the other. Where both are folders, what is in them is visited instead. */
async function eachPair(
  from: Buffer,
  to: Buffer,
  visit: (source: Buffer, target: Buffer) => Promise<void>,
): Promise<void> {
  for (const name of await readdir(from, { encoding: 'buffer' })) {
    const [source, target] = [joined(from, name), joined(to, name)];
    if ((await isFolder(source)) && (await isFolder(target))) await eachPair(source, target, visit);
    else await visit(source, target);
  }
}

async function refuseConflict(source: Buffer, target: Buffer): Promise<void> {
  const there = await isFolder(target);
  if (there === undefined || there === (await isFolder(source))) return;
  throw new VarveError(
    'E_EXPORT',
    `${target.toString()} is a ${there ? 'folder' : 'file'} there, and not in the image`,
    {
      hint: 'remove it, or choose another folder',
    },
  );
}

/** Undefined where there is nothing. */
async function isFolder(path: Buffer): Promise<boolean | undefined> {
  return (await lstat(path).catch(() => undefined))?.isDirectory();
}

function joined(dir: Buffer, name: Buffer): Buffer {
  return Buffer.concat([dir, Buffer.from('/'), name]);
}
