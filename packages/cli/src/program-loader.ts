import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** The names by which the code of a program asks for what a module would have. */
const parameters = ['exports', 'require', '__filename', '__dirname', '__url', '__import', '__resolve'] as const;

/** The code of a program as it is in its file: put around a megabyte when it is loaded, this would copy it. */
export function programOf(code: string): string {
  return `(function(${parameters.join()}){${code}\n})`;
}

/** What only the file can do that a program is loaded by. */
export interface FileMeans {
  readonly require: NodeJS.Require;
  import(specifier: string): Promise<unknown>;
}

/**
 * Runs a program of the bundle and gives what it exports. Where the Node that made the bundle is the one that runs it, V8 takes the code as it
 * was compiled then (`NAME.cache`); any other compiles it anew, which takes some 30 ms a megabyte.
 *
 * @param file of the program's code, as `programOf` wraps it
 */
export function loadProgram(file: string, means: FileMeans): Record<string, unknown> {
  const script = compileProgram(file);
  const url = pathToFileURL(file).href;
  const exported: Record<string, unknown> = {};
  const run = script.runInThisContext() as (...values: readonly unknown[]) => void;
  const { require } = means;
  const resolve = (specifier: string): string => pathToFileURL(require.resolve(specifier)).href;
  run(exported, require, file, dirname(file), url, importer(url, means), resolve);
  return exported;
}

/** Other programs of the bundle are CommonJS, as all of it: Node's loader of ES modules takes 5 ms to get ready, and is left to the plugins of users. */
function importer(from: string, { require, import: imported }: FileMeans): FileMeans['import'] {
  const folder = new URL('.', from).href;
  return async specifier => {
    const url = specifier.startsWith('./') ? new URL(specifier, from).href : specifier;
    return url.startsWith(folder) ? (require(fileURLToPath(url)) as unknown) : imported(specifier);
  };
}

/** Programs that were loaded, by their file: whoever makes the bundle asks V8 for their code. */
export const compiledPrograms = new Map<string, Script>();

/** Compiles a program, and does not run it. */
export function compileProgram(file: string): Script {
  const code = readFileSync(file, 'latin1');
  const cachedData = readIfThere(file.replace(/\.cjs$/, '.cache'));
  const script = new Script(code, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
  compiledPrograms.set(file, script);
  return script;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
