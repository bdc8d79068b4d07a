// What `bundle.js` does with packages of others, as plugins of esbuild: which stay outside, and what is changed in those that are taken in.
// Where a package no longer has the text that is changed, making the bundle fails.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

const require = createRequire(import.meta.url);

/** Packages that stay outside: they look for files of their own beside them, or are large and seldom wanted (of undici, what is needed is taken in). */
const outside = /^(chokidar|koffi|undici|xxhash-addon|xz-decompress|zstd-napi)$/;

/** Text of files of packages, and what it becomes. */
const changes = [
  // LMDB looks for what it compresses by where the package is.
  { file: 'lmdb/open.js', text: 'import.meta.url', becomes: 'import.meta.resolve("lmdb")' },
  // See lmdb-addon.js.
  {
    file: 'lmdb/native.js',
    text: "let dirName = dirname(fileURLToPath(import.meta.url)).replace(/dist$/, '');",
    becomes: 'const dirName = () => dirname(fileURLToPath(import.meta.resolve("lmdb"))).replace(/dist$/, "");',
  },
  // What it reads values into is 16 MB large: V8 takes that for memory in use, and collects its heap as a whole (some 8 ms) in the middle of a short build.
  // For a value that is larger than this it makes itself another one.
  {
    file: 'lmdb/native.js',
    text: 'globalBuffer = externals.globalBuffer;',
    becomes:
      'if (!globalBuffer) setGlobalBuffer((globalBuffer = Buffer.allocUnsafeSlow(0x10000))); externals.globalBuffer = undefined;',
  },
  // The first comparison by locale costs some 5 ms: ICU lists all locales that it has. Ids of commands are ASCII, in the same order without.
  {
    file: '@oclif/core/lib/config/plugin.js',
    text: 'a.id.localeCompare(b.id)',
    becomes: '(a.id < b.id ? -1 : a.id > b.id ? 1 : 0)',
  },
  // What it needs to find a command it reads at once: asked for in turns, each of these small files takes a millisecond, four of Node's threads first.
  {
    file: '@oclif/core/lib/util/fs.js',
    text: "await (0, promises_1.readFile)(path, 'utf8')",
    becomes: "(0, node_fs_1.readFileSync)(path, 'utf8')",
  },
  // It asks for more than the kernel's name for what only Windows' users have.
  {
    file: '@oclif/core/lib/util/os.js',
    text: "(await import('wsl-utils')).isWsl ? 'wsl' : (0, node_os_1.platform)()",
    becomes: '(0, node_os_1.platform)()',
  },
  // It would be for commands that are found by patterns, of which varve has none; when it is loaded it looks outside the bundle for another package.
  {
    file: '@oclif/core/lib/config/plugin.js',
    text: 'const tinyglobby_1 = require("tinyglobby");',
    becomes: 'const tinyglobby_1 = { glob: (...given) => require("tinyglobby").glob(...given) };',
  },
  // Each is a module of Node's that it loads for what a command does not do.
  {
    file: '@oclif/core/lib/performance.js',
    text: 'const node_perf_hooks_1 = require("node:perf_hooks");',
    becomes: 'const node_perf_hooks_1 = globalThis;',
  },
  {
    file: '@oclif/core/lib/parser/parse.js',
    text: 'const node_readline_1 = require("node:readline");',
    becomes:
      'const node_readline_1 = { createInterface: (...given) => require("node:readline").createInterface(...given) };',
  },
];

/** Files that are taken in place of those that Node would import. */
const alias = {
  // Makes functions by `eval` that know what is beside them by its name: in one scope with other modules they would get hold of others' variables.
  'ordered-binary': require.resolve('ordered-binary'),
  // The same without an addon that makes MessagePack faster, in which nothing is stored here.
  msgpackr: join(dirname(require.resolve('msgpackr')), '../index.js'),
  // See there.
  'node-gyp-build-optional-packages': join(import.meta.dirname, 'lmdb-addon.js'),
};

/** Of Node's HTTP undici asks for a class to compare with, and for a limit that it is given; its assertions are all of one kind. */
const littleOf = {
  'node:http': 'export class IncomingMessage {}; export const maxHeaderSize = 16384;',
  'node:assert':
    'module.exports = (ok, message) => { if (!ok) throw message instanceof Error ? message : new Error(message ?? "an assertion of undici failed"); };',
};

const leftOut = {
  name: 'left-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: outside }, ({ path }) => ({ path, external: true }));
    // undici does without HTTP/2 where Node does, which takes some 3 ms to load it. No connection here asks for it.
    onResolve({ filter: /^node:http2$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    // Of these it asks for little.
    onResolve({ filter: /^node:(http|assert)$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/undici/') ? { path, namespace: 'named' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'named' }, ({ path }) => ({ contents: littleOf[path] }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not used`)});`,
    }));
  },
};

const changed = {
  name: 'changed',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/(lmdb|@oclif)\// }, async ({ path }) => {
      const there = changes.filter(({ file }) => path.endsWith(join(sep, 'node_modules', file)));
      if (there.length === 0) return undefined;
      let contents = await readFile(path, 'utf8');
      for (const { file, text, becomes } of there) {
        if (!contents.includes(text))
          return { errors: [{ text: `${file} does not have ${text}: see scripts/bundled-packages.js` }] };
        contents = contents.replaceAll(text, becomes);
      }
      return { contents };
    });
  },
};

/** Options of esbuild. */
export const bundledPackages = { plugins: [leftOut, changed], alias };
