// Writes packages/cli/dist/bundle: the code of varve, of what comes with it and of the packages that it uses, a file for each program, since
// opening and compiling hundreds takes longer than a cached build does. What a program may not need is in its file, but runs only when it
// is asked for. Run by `npm run build`, after the compiler.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', 'packages');
const bundle = join(packages, 'cli/dist/bundle');
const compiled = (name, file) => join(packages, name, 'dist/src', file);
const plugins = readdirSync(packages).filter(name => name.startsWith('plugin-'));

/** What oclif opens by name in the main process: all of it is in one file, and these say where. */
const opened = {
  commands: { from: compiled('cli', 'commands/index.js'), name: 'commands', as: 'commands' },
  help: { from: compiled('cli', 'help/index.js'), name: 'default', as: 'Help' },
  'command-not-found': { from: compiled('cli', 'hooks/command-not-found.js'), name: 'default', as: 'commandNotFound' },
};
const mainProcess = [
  `export { main } from ${JSON.stringify(compiled('cli', 'main.js'))};`,
  ...Object.values(opened).map(({ from, name, as }) => `export { ${name} as ${as} } from ${JSON.stringify(from)};`),
].join('\n');

/** Programs of other processes and threads, and plugins, which hosts load too. */
const others = {
  engine: compiled('engine', 'index.js'),
  main: compiled('engine', 'host/main.js'),
  'tar-worker': compiled('engine', 'host/tar-worker.js'),
  'walk-worker': compiled('engine', 'kit/walk-worker.js'),
  launcher: compiled('engine', 'executor/launcher.js'),
  'askpass-client': compiled('engine', 'context/git/askpass-client.js'),
  ...Object.fromEntries(plugins.map(name => [name, compiled(name, 'index.js')])),
};

/** Packages that stay outside: they look for files of their own beside them, or are large and seldom wanted (of undici, what is needed is taken in). */
const outside = /^(chokidar|koffi|lmdb|undici|xxhash-addon|xz-decompress|zstd-napi)$/;

const places = {
  name: 'places',
  setup({ onResolve }) {
    // The command line finds the engine by name, so that another one can be put in its place.
    onResolve({ filter: /^@varve\/engine$/ }, ({ importer }) =>
      importer.startsWith(join(packages, 'cli/')) ? { path: './engine.js', external: true } : undefined,
    );
    onResolve({ filter: outside }, ({ path }) => ({ path, external: true }));
  },
};

/** Packages in CommonJS ask for Node's own modules by `require`, which modules do not have. */
const banner = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

async function bundled(entry) {
  const { outputFiles } = await build({
    ...entry,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'inline',
    banner: { js: banner },
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    write: false,
    logLevel: 'warning',
    plugins: [places],
  });
  return outputFiles[0].contents;
}

const stdin = { contents: mainProcess, resolveDir: packages };
const files = new Map(
  await Promise.all([
    bundled({ stdin }).then(code => ['varve.js', code]),
    ...Object.entries(others).map(async ([name, path]) => [`${name}.js`, await bundled({ entryPoints: [path] })]),
  ]),
);
for (const [name, { name: exported, as }] of Object.entries(opened))
  files.set(`${name}.js`, `export { ${as} as ${exported} } from './varve.js';\n`);

mkdirSync(bundle, { recursive: true });
for (const [name, code] of files) {
  writeFileSync(join(bundle, `${name}.new`), code);
  renameSync(join(bundle, `${name}.new`), join(bundle, name));
}
for (const name of readdirSync(bundle)) if (!files.has(name)) rmSync(join(bundle, name), { recursive: true });
