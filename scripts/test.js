// npm test: sets itself up, builds, runs every test with Node's own runner, whose summary comes last.
//   npm test                       all but the long ones
//   npm test -- WORD…              only test files whose path holds one of the words
//   npm run test:full              the long ones (*.long.test.ts) too
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureDebianPackages, ensurePackages, root, show } from './setup.js';

const args = process.argv.slice(2);
const full = args.includes('--full');
const words = args.filter(arg => !arg.startsWith('--'));
// How often tests of properties try something at random.
if (full) process.env.VARVE_PROPERTY_RUNS ??= '2000';

ensureDebianPackages();
ensurePackages();
ensureBuilt();

const files = [...packageFolders().flatMap(testFiles), ...testFiles('test')]
  .filter(({ source }) => full || !source.endsWith('.long.test.ts'))
  .filter(({ source }) => words.length === 0 || words.some(word => source.includes(word)));
if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}
const concurrency = Math.max(1, Math.min(4, availableParallelism()));
process.exitCode = show(process.execPath, [
  '--test',
  `--test-concurrency=${concurrency}`,
  ...files.map(({ compiled }) => compiled),
]);

function packageFolders() {
  return readdirSync(join(root, 'packages'))
    .map(name => `packages/${name}`)
    .filter(folder => existsSync(join(root, folder, 'package.json')));
}

/** Test files of a package (`packages/x`, compiled below dist/test) or of `test` (compiled below dist), by their sources. */
function testFiles(folder) {
  const sources = folder === 'test' ? folder : `${folder}/test`;
  if (!existsSync(join(root, sources))) return [];
  return readdirSync(join(root, sources), { recursive: true })
    .filter(name => name.endsWith('.test.ts') && !name.startsWith('dist/'))
    .sort()
    .map(name => ({
      source: `${sources}/${name}`,
      compiled: `${folder}/dist/${folder === 'test' ? '' : 'test/'}${name.replace(/\.ts$/, '.js')}`,
    }));
}
