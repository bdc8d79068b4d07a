// Writes packages/cli/dist/bundle: the code of varve and of the packages and plugins that come with it, in few files, since opening and
// compiling hundreds takes longer than a cached build does. Packages of others stay outside, but for oclif and valibot. Run by `npm run build`, after the compiler.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', 'packages');
const bundle = join(packages, 'cli/dist/bundle');
const compiled = (name, file) => join(packages, name, 'dist/src', file);
const plugins = readdirSync(packages).filter(name => name.startsWith('plugin-'));

/** What oclif and the engine open by name in the main process. */
const mainProcess = {
  varve: compiled('cli', 'main.js'),
  commands: compiled('cli', 'commands/index.js'),
  help: compiled('cli', 'help/index.js'),
  'command-not-found': compiled('cli', 'hooks/command-not-found.js'),
  engine: compiled('engine', 'index.js'),
};

/** Programs of other processes and threads, and plugins, which hosts load too: each by itself, since it needs little of all the rest. */
const others = {
  main: compiled('engine', 'host/main.js'),
  'tar-worker': compiled('engine', 'host/tar-worker.js'),
  'walk-worker': compiled('engine', 'kit/walk-worker.js'),
  launcher: compiled('engine', 'executor/launcher.js'),
  'askpass-client': compiled('engine', 'context/git/askpass-client.js'),
  ...Object.fromEntries(plugins.map(name => [name, compiled(name, 'index.js')])),
};

/** What oclif, which is CommonJS, expects to be there. */
const commonJs =
  "import{createRequire as commonJsRequire}from'node:module';const require=commonJsRequire(import.meta.url),__dirname=import.meta.dirname;";

const outside = {
  name: 'outside',
  setup({ onResolve }) {
    // The command line finds the engine by name, so that another one can be put in its place.
    onResolve({ filter: /^@varve\/engine$/ }, ({ importer }) =>
      importer.startsWith(join(packages, 'cli/')) ? { path: './engine.js', external: true } : undefined,
    );
    // Of valibot and oclif little is used, and taken in with what that needs in its turn.
    onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) =>
      kind === 'entry-point' || importer.includes('/node_modules/') || /^(@varve\/|@oclif\/|valibot$)/.test(path)
        ? undefined
        : { path, external: true },
    );
  },
};

/** Bundles programs that share what they have in common; gives the files as names and bytes. `banner` stands at the beginning of each. */
async function filesOf(entryPoints, chunkNames, banner = '') {
  const { outputFiles } = await build({
    entryPoints,
    chunkNames,
    outdir: bundle,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    minifyWhitespace: true,
    banner: { js: banner },
    write: false,
    logLevel: 'warning',
    plugins: [outside],
  });
  return outputFiles.map(({ path, contents }) => [basename(path), contents]);
}

const alone = Object.entries(others).map(([name, path]) => filesOf({ [name]: path }, `${name}-[hash]`));
const files = new Map((await Promise.all([filesOf(mainProcess, 'chunk-[hash]', commonJs), ...alone])).flat());

mkdirSync(bundle, { recursive: true });
for (const [name, code] of files) {
  writeFileSync(join(bundle, `${name}.new`), code);
  renameSync(join(bundle, `${name}.new`), join(bundle, name));
}
for (const name of readdirSync(bundle)) if (!files.has(name)) rmSync(join(bundle, name));
