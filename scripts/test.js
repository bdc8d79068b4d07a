// npm test: sets itself up, builds, runs every test with Node's own runner, whose summary comes last.
//   npm test                       all but the long ones
//   npm test -- WORD…              only test files whose path holds one of the words
//   npm run test:full              the long ones (*.long.test.ts) too, at their largest settings, and two minutes of fuzzing
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureDebianPackages, ensurePackages, root, show } from './setup.js';

const args = process.argv.slice(2);
const full = args.includes('--full');
const words = args.filter(arg => !arg.startsWith('--'));
if (full) {
  // How often tests of properties try something at random.
  process.env.VARVE_PROPERTY_RUNS ??= '2000';
  // Every source, destination and flag of COPY with each other.
  process.env.VARVE_TEST_COPY ??= 'all';
  // Every case of test/features twice without a cache.
  process.env.VARVE_TEST_AFRESH ??= 'all';
}

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
// What measures time has the machine to itself, at the end.
const isTimed = ({ source }) => source.startsWith('test/benchmarks/');
const concurrency = Math.max(1, Math.min(4, availableParallelism()));
process.exitCode =
  runTests(
    files.filter(file => !isTimed(file)),
    concurrency,
  ) || runTests(files.filter(isTimed), 1);
if (full && words.length === 0 && process.exitCode === 0)
  process.exitCode = show(process.execPath, ['packages/dockerfile/dist/test/fuzz.js', '--minutes', '2']);

/** Runs test files, as many at once as said; gives the exit code, 0 where there are none. */
function runTests(chosen, atOnce) {
  if (chosen.length === 0) return 0;
  return show(process.execPath, ['--test', `--test-concurrency=${atOnce}`, ...chosen.map(({ compiled }) => compiled)]);
}

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
