// Writes packages/cli/dist/bundle: the code of varve, of what comes with it and of the packages that it uses, a file for each program, since
// opening and compiling hundreds takes longer than a cached build does. What a program may not need is in its file, but runs only when it
// is asked for. Beside each file lies what V8 made of it (`warm-up.js`). Run by `npm run build`, after the compiler.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundledPackages } from './bundled-packages.js';

const packages = join(import.meta.dirname, '..', 'packages');
const bundle = join(packages, 'cli/dist/bundle');
const compiled = (name, file) => join(packages, name, 'dist/src', file);
const { programOf } = await import(compiled('cli', 'program-loader.js'));
const plugins = readdirSync(packages).filter(name => name.startsWith('plugin-'));

/** The main process; what oclif opens by name is in it too. */
const varve = [
  `export { main } from ${JSON.stringify(compiled('cli', 'main.js'))};`,
  `export { endProcess } from ${JSON.stringify(compiled('cli', 'end-process.js'))};`,
  `export { commands } from ${JSON.stringify(compiled('cli', 'commands/index.js'))};`,
  `export { default as Help } from ${JSON.stringify(compiled('cli', 'help/index.js'))};`,
  `export { default as commandNotFound } from ${JSON.stringify(compiled('cli', 'hooks/command-not-found.js'))};`,
].join('\n');
const openedByOclif = {
  commands: 'exports.commands = commands',
  help: 'exports.default = Help',
  'command-not-found': 'exports.default = commandNotFound',
};

/** What the package for registries loads when it is asked for is a program of its own: most commands need none of it, and a build has it in the engine. */
const onDemand = compiled('oci', 'on-demand.js');
const loadedOnDemand = [...readFileSync(onDemand, 'utf8').matchAll(/\bimport\('(\.\/[^']+)'\)/g)].map(
  ([, path]) => path,
);
const oci = loadedOnDemand.map(path => `export * from ${JSON.stringify(join(dirname(onDemand), path))};`).join('\n');

/** Programs of other processes and threads, and plugins, which hosts load too. */
const others = {
  engine: compiled('engine', 'index.js'),
  main: compiled('engine', 'host/main.js'),
  'tar-worker': compiled('engine', 'host/tar-worker.js'),
  'hash-worker': compiled('engine', 'host/hash-worker.js'),
  'walk-worker': compiled('engine', 'kit/walk-worker.js'),
  'remove-worker': compiled('engine', 'store/remove-worker.js'),
  launcher: compiled('engine', 'executor/launcher.js'),
  'launcher-in-place': compiled('engine', 'inplace/launcher-in-place.js'),
  'askpass-client': compiled('engine', 'context/git/askpass-client.js'),
  ...Object.fromEntries(plugins.map(name => [name, compiled(name, 'index.js')])),
};

const places = {
  name: 'places',
  setup({ onResolve, initialOptions }) {
    // The command line finds the engine by name, so that another one can be put in its place.
    onResolve({ filter: /^@varve\/engine$/ }, ({ importer }) =>
      importer.startsWith(join(packages, 'cli/')) ? { path: './engine.js', external: true } : undefined,
    );
    if (initialOptions.stdin?.contents !== varve) return;
    onResolve({ filter: /^\.\// }, ({ importer, kind }) =>
      importer === onDemand && kind === 'dynamic-import' ? { path: './oci.js', external: true } : undefined,
    );
  },
};

/** One program as CommonJS, which alone V8 can take as compiled before, and the names that it exports. */
async function compiledProgram(entry) {
  const [{ outputFiles }, { metafile }] = await Promise.all([bundled(entry, 'cjs'), bundled(entry, 'esm')]);
  const [{ exports }] = Object.values(metafile.outputs);
  const code = outputFiles[0].text.replaceAll(/(?<![\w$.])import\(/g, '__import(');
  return {
    code: programOf(
      `var module={exports};${code};Object.defineProperties(exports,Object.getOwnPropertyDescriptors(module.exports));`,
    ),
    exports,
  };
}

function bundled(entry, format) {
  return build({
    ...entry,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'inline',
    // See program-loader.ts for these names.
    ...(format === 'cjs' ? { define: { 'import.meta.url': '__url', 'import.meta.resolve': '__resolve' } } : {}),
    metafile: true,
    outfile: 'program.js',
    write: false,
    logLevel: 'warning',
    plugins: [places, ...bundledPackages.plugins],
    alias: bundledPackages.alias,
  });
}

/** The file that a program is loaded by: CommonJS, with its exports in a form in which ES modules see them too. */
function loaderOf(name, exports) {
  return [
    "const { loadProgram } = require('./program-loader.js');\n",
    `const program = loadProgram(\`\${__dirname}/${name}.cjs\`, { require, import: name => import(name) });\n`,
    "Object.defineProperty(exports, '__esModule', { value: true });\n",
    ...exports.map(exported => `exports.${exported} = program.${exported};\n`),
  ].join('');
}

const programs = [
  ['varve', { stdin: { contents: varve, resolveDir: packages } }],
  ['oci', { stdin: { contents: oci, resolveDir: packages } }],
  ...Object.entries(others).map(([name, path]) => [name, { entryPoints: [path] }]),
];
const { outputFiles: loader } = await build({
  entryPoints: [compiled('cli', 'program-loader.js')],
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  write: false,
});
const files = new Map([
  ['program-loader.js', loader[0].text],
  ['package.json', JSON.stringify({ type: 'commonjs' })],
]);
await Promise.all(
  programs.map(async ([name, entry]) => {
    const { code, exports } = await compiledProgram(entry);
    files.set(`${name}.cjs`, code);
    files.set(`${name}.js`, loaderOf(name, exports));
  }),
);
for (const [name, exported] of Object.entries(openedByOclif))
  files.set(
    `${name}.js`,
    `const { ${exported.split(' ').at(-1)} } = require('./varve.js');\nObject.defineProperty(exports, '__esModule', { value: true });\n${exported};\n`,
  );

mkdirSync(bundle, { recursive: true });
for (const [name, code] of files) {
  writeFileSync(join(bundle, `${name}.new`), code);
  renameSync(join(bundle, `${name}.new`), join(bundle, name));
}
for (const name of readdirSync(bundle)) if (!files.has(name)) rmSync(join(bundle, name), { recursive: true });
const warm = spawnSync(process.execPath, [join(import.meta.dirname, 'warm-up.js'), bundle], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (warm.status !== 0) console.error('Programs could not be warmed up: varve works, and starts more slowly.');
