// Writes docs/errors.md from the `errorCodes` tables of the built packages: node scripts/error-docs.js
import { writeFileSync } from 'node:fs';

const head = `# Error codes

Every error has a code, a sentence that says what is wrong, a place where it belongs to a line, and mostly a hint. Programs decide by the code: it
is in the events of \`--progress json\` and on the \`code\` of what the libraries throw; the sentence may change. Codes are never given a new meaning.

Exit codes of \`varve\`: 0 done, 1 the build failed, 2 the call was wrong, 130 interrupted.
`;

const packages = {
  engine: 'Building (`@varve/engine`)',
  dockerfile: 'The Dockerfile language (`@varve/dockerfile`)',
  oci: 'Images and registries (`@varve/oci`)',
  'plugin-snapshot-overlay': 'The overlay snapshotter (`@varve/plugin-snapshot-overlay`)',
  'plugin-cache-lmdb': 'The LMDB cache (`@varve/plugin-cache-lmdb`)',
  'plugin-cache-registry': 'The registry cache (`@varve/plugin-cache-registry`)',
  cli: 'The command line (`varve`)',
};

const parts = [head];
for (const [folder, title] of Object.entries(packages)) {
  const { errorCodes } = await import(`../packages/${folder}/dist/src/index.js`);
  const rows = Object.keys(errorCodes)
    .toSorted()
    .map(code => `| \`${code}\` | ${errorCodes[code].replaceAll('|', '\\|')} |`);
  parts.push(`\n## ${title}\n\n| code | meaning |\n| --- | --- |\n${rows.join('\n')}\n`);
}
writeFileSync(new URL('../docs/errors.md', import.meta.url), parts.join(''));
