// Writes docs/errors.md from the `errorCodes` tables of the built packages: node scripts/error-docs.js
import { writeFileSync } from 'node:fs';

const head = `# Error codes

Every error has a code, a sentence that says what is wrong, a place where it belongs to a line, and mostly a hint. Programs decide by the code: it
is in the events of \`--progress json\` and on the \`code\` of what the libraries throw; the sentence may change. Codes are never given a new meaning.

Exit codes of \`varve\`: 0 done, 1 the build failed, 2 the call was wrong, 130 interrupted.
`;
const parts = [head];
for (const [name, title, mod] of [
  ['engine', 'Building (`@varve/engine`)', '../packages/engine/dist/src/index.js'],
  ['dockerfile', 'The Dockerfile language (`@varve/dockerfile`)', '../packages/dockerfile/dist/src/index.js'],
  ['oci', 'Images and registries (`@varve/oci`)', '../packages/oci/dist/src/index.js'],
  [
    'plugin-cache-lmdb',
    'The LMDB cache (`@varve/plugin-cache-lmdb`)',
    '../packages/plugin-cache-lmdb/dist/src/index.js',
  ],
  [
    'plugin-cache-registry',
    'The registry cache (`@varve/plugin-cache-registry`)',
    '../packages/plugin-cache-registry/dist/src/index.js',
  ],
  ['cli', 'The command line (`varve`)', '../packages/cli/dist/src/index.js'],
]) {
  const { errorCodes } = await import(mod);
  parts.push(
    `\n## ${title}\n\n| code | meaning |\n| --- | --- |\n` +
      Object.keys(errorCodes)
        .sort()
        .map(c => `| \`${c}\` | ${String(errorCodes[c]).replaceAll('|', '\\|')} |`)
        .join('\n') +
      '\n',
  );
}
writeFileSync(new URL('../docs/errors.md', import.meta.url), parts.join(''));
