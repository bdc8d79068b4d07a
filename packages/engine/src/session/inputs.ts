import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Dockerfile, parseDockerfile } from '@varve/dockerfile';
import { codeOf, VarveError } from '../model/error.js';
import type { OpenedContext } from '../plugin/context.js';
import { openContext } from './open-context.js';
import type { Session } from './session.js';

/** What a build reads: its context and its Dockerfile. */
export interface BuildInputs {
  readonly context: OpenedContext;
  readonly file: Dockerfile;
  /** Candidates for the context's ignore file, the first that exists counts. */
  readonly ignoreFiles: readonly string[];
}

/** Opens the context and reads the Dockerfile. Errors: those of the context, `E_DOCKERFILE_MISSING`, those of the language. */
export async function openInputs(session: Session): Promise<BuildInputs> {
  const { options } = session;
  const context = await openContext(session, options.context);
  const path = dockerfilePath(session, context);
  const shown = path === '-' ? 'standard input' : relative(options.cwd, path) || path;
  const file = parseDockerfile(await readDockerfile(path, shown), { file: shown.startsWith('..') ? path : shown });
  const ownIgnore = path === '-' ? [] : [join(dirname(path), `${basename(path)}.dockerignore`)];
  return { context, file, ignoreFiles: [...ownIgnore, join(context.dir, '.dockerignore')] };
}

function dockerfilePath({ options }: Session, context: OpenedContext): string {
  if (context.dockerfile !== undefined) return context.dockerfile;
  if (options.file === '-') return '-';
  return options.file === undefined ? join(context.dir, 'Dockerfile') : resolve(options.cwd, options.file);
}

async function readDockerfile(path: string, shown: string): Promise<Uint8Array> {
  try {
    if (path !== '-') return await readFile(path);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  } catch (cause) {
    const missing = codeOf(cause) === 'ENOENT';
    throw new VarveError(
      'E_DOCKERFILE_MISSING',
      missing ? `there is no ${shown}` : `${shown} cannot be read: ${(cause as Error).message}`,
      {
        hint: 'name the file with -f; it is looked for from the working directory, and without -f as Dockerfile in the context',
        cause,
      },
    );
  }
}
