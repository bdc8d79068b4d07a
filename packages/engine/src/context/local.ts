import { createReadStream, opendirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { didYouMean } from '@varve/dockerfile';
import { codeOf } from '../model/error.js';
import type { ContextRequest, ContextSource, OpenedContext } from '../plugin/context.js';
import { invalidContext, notFound } from './invalid.js';

/** A folder on this machine as it is, or a tar file, told by its content and not by its name. Takes every reference. */
export const localSource: ContextSource = {
  accepts: () => true,
  async open(request, signal) {
    const path = resolve(request.cwd, request.reference);
    const found = await statOf(path, request);
    if (found.isDirectory()) return openFolder(path, request);
    if (!found.isFile()) throw invalidContext(`the context ${request.reference} is neither a folder nor a tar file`);
    return openTar(path, request, signal);
  },
};

async function statOf(path: string, request: ContextRequest): Promise<Stats> {
  try {
    return statSync(path);
  } catch (cause) {
    throw await missing(path, request, cause);
  }
}

function openFolder(path: string, { reference }: ContextRequest): OpenedContext {
  const dir = realpathSync(path);
  try {
    opendirSync(dir).closeSync();
  } catch (cause) {
    throw invalidContext(`the context ${reference} cannot be read: ${(cause as Error).message}`, undefined, cause);
  }
  return { dir, description: reference, [Symbol.asyncDispose]: async () => undefined };
}

async function openTar(
  path: string,
  { reference, scratchDir }: ContextRequest,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const [{ archiveHeadSize, detectArchive }, { peek }, { openStream }] = await Promise.all([
    import('./archive.js'),
    import('./peek.js'),
    import('./stream.js'),
  ]);
  const { head, whole } = await peek(createReadStream(path, { highWaterMark: 1 << 20 }), archiveHeadSize);
  if (detectArchive(head) !== undefined) return openStream(whole, reference, scratchDir, signal);
  throw invalidContext(
    `the context ${reference} is a file, and no tar`,
    `name the folder; a Dockerfile is named with -f: varve build -f ${reference} FOLDER`,
  );
}

async function missing(path: string, { reference }: ContextRequest, cause: unknown): Promise<Error> {
  const code = codeOf(cause);
  if (code === 'EACCES') return invalidContext(`the context ${reference} may not be read`, undefined, cause);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return cause as Error;
  const beside = await readdir(dirname(path)).catch(() => []);
  const hint = didYouMean(basename(path), beside) ?? 'give a folder, a tar, a git repository or a URL';
  return notFound(`there is no context ${reference}`, hint, cause);
}
