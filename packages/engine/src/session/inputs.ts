import { readFileSync, statSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Dockerfile, parseDockerfile } from '@varve/dockerfile';
import { codeOf, VarveError } from '../model/error.js';
import type { OpenedContext } from '../plugin/context.js';
import { openContext } from './open-context.js';
import type { Session } from './session.js';

/** What a build reads: its context and its Dockerfile. */
export interface BuildInputs {
  readonly context: OpenedContext;
  readonly file: Dockerfile;
  /** Which Dockerfile it is, the same from build to build and from folder to folder. */
  readonly origin: string;
  /** Candidates for the context's ignore file, the first that exists counts. */
  readonly ignoreFiles: readonly string[];
}

/** Opens the context and reads the Dockerfile. Errors: those of the context, `E_DOCKERFILE_MISSING`, those of the language. */
export async function openInputs(session: Session): Promise<BuildInputs> {
  const context = await openFolder(session);
  const { path, shown, origin = path, within } = placeOfDockerfile(session, context);
  if (within !== undefined) await checkInside(path, shown, within);
  const file = parseDockerfile(await readDockerfile(path, shown), { file: shown });
  const ownIgnore = path === '-' ? [] : [join(dirname(path), `${basename(path)}.dockerignore`)];
  return { context, file, origin, ignoreFiles: [...ownIgnore, join(context.dir, '.dockerignore')] };
}

/** The context, or the folder of it that was asked for. Errors: those of contexts. */
async function openFolder(session: Session): Promise<OpenedContext> {
  const { context: reference, contextFolder: folder } = session.options;
  const context = await openContext(session, reference);
  if (folder === undefined || context.dockerfile !== undefined) return context;
  try {
    const dir = join(context.dir, folder);
    const found = await stat(dir).catch(() => undefined);
    if (found?.isDirectory() !== true)
      throw new VarveError('E_CONTEXT_NOT_FOUND', `the context ${context.description} has no folder ${folder}`);
    await checkInside(dir, folder, context.dir);
    const description = `${context.description}/${folder}`;
    return { dir, description, [Symbol.asyncDispose]: async () => context[Symbol.asyncDispose]() };
  } catch (error) {
    await context[Symbol.asyncDispose]();
    throw error;
  }
}

interface DockerfilePlace {
  /** Absolute, or `-`. */
  readonly path: string;
  /** For messages. */
  readonly shown: string;
  /** Of one that lies elsewhere each time: where it comes from. */
  readonly origin?: string;
  /** The folder that it may not lead out of: where the context brings it along. */
  readonly within?: string;
}

/**
 * The user's own file by `-f`, from the working directory; else that of the context. In a context that was fetched or unpacked a relative
 * `-f` names a file of the context, as with `docker buildx build`, and an absolute one a file of this machine.
 */
function placeOfDockerfile({ options, scratch }: Session, context: OpenedContext): DockerfilePlace {
  const { cwd, file } = options;
  if (context.dockerfile !== undefined) return fromElsewhere(context.dockerfile, context.description);
  if (file === '-' && options.context === '-')
    throw new VarveError('E_DOCKERFILE_MISSING', 'standard input is the context, and cannot be the Dockerfile, too', {
      hint: 'name a file in it with -f, or one of this machine by its absolute path',
    });
  if (file === '-') return { path: '-', shown: 'standard input', origin: `standard input of ${context.description}` };
  const fetched = context.dir.startsWith(`${scratch.dir}${sep}`);
  if (file !== undefined && (isAbsolute(file) || !fetched)) {
    const path = resolve(cwd, file);
    return { path, shown: shownFrom(cwd, path) };
  }
  const name = file ?? 'Dockerfile';
  const path = join(context.dir, name);
  const place = fetched ? fromElsewhere(path, `${context.description}/${name}`) : { path, shown: shownFrom(cwd, path) };
  return { ...place, within: context.dir };
}

function fromElsewhere(path: string, origin: string): DockerfilePlace {
  return { path, shown: origin, origin };
}

function shownFrom(cwd: string, path: string): string {
  const shown = relative(cwd, path);
  return shown.startsWith('..') ? path : shown;
}

/** A context may be a stranger's: a link in it shows no file of this machine, not even in the message of an error. */
async function checkInside(path: string, shown: string, folder: string): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || real.startsWith(`${await realpath(folder)}${sep}`)) return;
  throw new VarveError('E_CONTEXT_INVALID', `${shown} leads out of the context`, {
    hint: 'name a file that is elsewhere by its absolute path with -f',
  });
}

async function readDockerfile(path: string, shown: string): Promise<Uint8Array> {
  try {
    // What may keep one waiting is no regular file.
    if (path !== '-') return statSync(path).isFile() ? readFileSync(path) : await readFile(path);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  } catch (cause) {
    const missing = codeOf(cause) === 'ENOENT';
    throw new VarveError(
      'E_DOCKERFILE_MISSING',
      missing ? `there is no ${shown}` : `${shown} cannot be read: ${(cause as Error).message}`,
      {
        hint: 'name the file with -f; it is looked for from the working directory (in a context that is no folder: in the context), and without -f as Dockerfile in the context',
        cause,
      },
    );
  }
}
