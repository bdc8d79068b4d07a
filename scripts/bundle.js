// Writes packages/cli/dist/bundle: the code of varve and of the packages and plugins that come with it, in few files, since opening and
// compiling hundreds takes longer than a cached build does. Packages of others stay outside, but for oclif and valibot. Run by `npm run build`, after the compiler.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', 'packages');
const bundle = join(packages, 'cli/dist/bundle');
const compiled = (name, file) => join(packages, name, 'dist/src', file);
const quoted = path => JSON.stringify(path);
const plugins = readdirSync(packages).filter(name => name.startsWith('plugin-'));

/** The command line is one file, which is opened sooner than the hundred that it would be; what is not used of it is not compiled. */
const commandLine = [
  `export { main } from ${quoted(compiled('cli', 'main.js'))};`,
  `export const commands = () => import(${quoted(compiled('cli', 'commands/index.js'))});`,
  `export const help = () => import(${quoted(compiled('cli', 'help/index.js'))});`,
  `export const commandNotFound = () => import(${quoted(compiled('cli', 'hooks/command-not-found.js'))});`,
];

/** What oclif opens by name: parts of that file, so that there is one oclif. */
const parts = {
  commands: "import { commands as part } from './varve.js';\nexport const { commands } = await part();\n",
  help: "import { help as part } from './varve.js';\nexport default (await part()).default;\n",
  'command-not-found':
    "import { commandNotFound as part } from './varve.js';\nexport default (await part()).default;\n",
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

const options = {
  outdir: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  minifyWhitespace: true,
  write: false,
  logLevel: 'warning',
  plugins: [outside],
};

/** Bundles a program; what it loads only now and then is in files of its own. Gives the files as names and bytes. */
async function filesOf(name, path) {
  const { outputFiles } = await build({
    ...options,
    entryPoints: { [name]: path },
    chunkNames: `${name}-[hash]`,
    splitting: true,
  });
  return outputFiles.map(({ path, contents }) => [basename(path), contents]);
}

/** The same of code that is wanted in one file. */
async function oneFileOf(name, code, banner = '') {
  const stdin = { contents: code, resolveDir: packages, sourcefile: `${name}.js` };
  const { outdir, ...rest } = options;
  const outfile = join(outdir, `${name}.js`);
  const { outputFiles } = await build({ ...rest, stdin, outfile, banner: { js: banner } });
  return outputFiles.map(({ contents }) => [`${name}.js`, contents]);
}

const files = new Map(
  (
    await Promise.all([
      oneFileOf('varve', commandLine.join('\n'), commonJs),
      oneFileOf('engine', `export * from ${quoted(compiled('engine', 'index.js'))};`),
      ...Object.entries(others).map(([name, path]) => filesOf(name, path)),
    ])
  ).flat(),
);
for (const [name, code] of Object.entries(parts)) files.set(`${name}.js`, code);

mkdirSync(bundle, { recursive: true });
for (const [name, code] of files) {
  writeFileSync(join(bundle, `${name}.new`), code);
  renameSync(join(bundle, `${name}.new`), join(bundle, name));
}
for (const name of readdirSync(bundle)) if (!files.has(name)) rmSync(join(bundle, name));
