import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { mutated, patternLists, pieces, scraps, wellFormed } from './dockerfile-texts.js';
import { checkExpansion, checkHostile, checkIgnoreText, checkPatterns, checkPrinting } from './property-checks.js';

/**
 * Runs the properties of the test suite on fresh random input until the time is over:
 *   npm run fuzz -w @varve/dockerfile -- --minutes 10 [--seed N]
 * Exits with 1 and the shrunk input at the first failure. Each round prints its seed when it fails, so that it can be
 * run again.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const end = Date.now() + Number(values.minutes) * 60_000;
const text = fc.string({ unit: 'binary', maxLength: 60 });
const ignoreText = fc.stringMatching(/^[!ab*?[\]^\\/#\n -]{0,24}$/);

const properties = [
  fc.property(wellFormed, checkPrinting),
  fc.property(scraps, checkHostile),
  fc.property(pieces, checkHostile),
  fc.property(mutated, checkHostile),
  fc.property(text, checkHostile),
  fc.property(fc.uint8Array({ maxLength: 60 }), checkHostile),
  fc.property(fc.oneof(text, fc.stringMatching(/^[${}ab:+?#%/*\\'"` -]{0,30}$/)), checkExpansion),
  fc.property(patternLists, checkPatterns),
  fc.property(fc.oneof(ignoreText, text), fc.stringMatching(/^[ab/*^]{0,8}$/), checkIgnoreText),
];

const runs = 500;
let seed = values.seed === undefined ? Date.now() & 0x7fffffff : Number(values.seed);
let inputs = 0;
while (Date.now() < end) {
  for (const property of properties) {
    if (Date.now() >= end) break;
    fc.assert(property as fc.IProperty<unknown>, { seed, numRuns: runs });
    inputs += runs;
  }
  seed++;
}
process.stdout.write(`${inputs} inputs, nothing found\n`);
