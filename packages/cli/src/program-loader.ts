import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** The names by which the code of a program asks for what a module would have. */
const parameters = ['exports', 'require', '__filename', '__dirname', '__url', '__import', '__resolve'] as const;

/** The code of a program as it is in its file: put around a megabyte when it is loaded, this would copy it. */
export function programOf(code: string): string {
  return `(function(${parameters.join()}){${code}\n})`;
}

/** What only the module can do that a program is loaded by. */
export interface ModuleMeans {
  import(specifier: string): Promise<unknown>;
  resolve(specifier: string): string;
}

/**
 * Runs a program of the bundle and gives what it exports. Where the Node that made the bundle is the one that runs it, V8 takes the code as it
 * was compiled then (`NAME.cache`); any other compiles it anew, which takes some 30 ms a megabyte.
 *
 * @param url of the program's code, a CommonJS module as `programOf` wraps it
 */
export function loadProgram(url: URL, means: ModuleMeans): Record<string, unknown> {
  const { script, file } = compileProgram(url);
  const exported: Record<string, unknown> = {};
  const run = script.runInThisContext() as (...values: readonly unknown[]) => void;
  run(exported, createRequire(url), file, dirname(file), url.href, means.import, means.resolve);
  return exported;
}

/** Programs that were loaded, by their file: whoever makes the bundle asks V8 for their code. */
export const compiledPrograms = new Map<string, Script>();

/** Compiles a program, and does not run it. */
export function compileProgram(url: URL): { readonly script: Script; readonly file: string } {
  const file = fileURLToPath(url);
  const code = readFileSync(file, 'latin1');
  const cachedData = readIfThere(file.replace(/\.cjs$/, '.cache'));
  const script = new Script(code, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
  compiledPrograms.set(file, script);
  return { script, file };
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
