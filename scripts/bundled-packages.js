// What `bundle.js` does with packages of others, as plugins of esbuild: which stay outside, and what is changed in those that are taken in.
// Where a package no longer has the text that is changed, making the bundle fails.
import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Packages that stay outside: they look for files of their own beside them, or are large and seldom wanted (of undici, what is needed is taken in). */
const outside = /^(chokidar|koffi|lmdb|undici|xxhash-addon|xz-decompress|zstd-napi)$/;

/** Text of files of packages, and what it becomes. */
const changes = [
  // The first comparison by locale costs some 5 ms: ICU lists all locales that it has. Ids of commands are ASCII, in the same order without.
  {
    file: '@oclif/core/lib/config/plugin.js',
    text: 'a.id.localeCompare(b.id)',
    becomes: '(a.id < b.id ? -1 : a.id > b.id ? 1 : 0)',
  },
];

const leftOut = {
  name: 'left-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: outside }, ({ path }) => ({ path, external: true }));
    // undici does without HTTP/2 where Node does, which takes some 3 ms to load it. No connection here asks for it.
    onResolve({ filter: /^node:http2$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not used`)});`,
    }));
  },
};

const changed = {
  name: 'changed',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/@oclif\// }, async ({ path }) => {
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

export const bundledPackages = [leftOut, changed];
