import assert from 'node:assert/strict';
import { transcript } from '../rig/varve.js';
import type { RungCase } from './on-every-rung.js';

/** The rung that each place has to be on. */
const expected: Readonly<Record<string, number>> = {
  root: 1,
  'a normal user': 2,
  'a container without seccomp': 2,
  'one whose store is on its own /': 2,
  'a default container': 4,
};

interface Ladder {
  readonly ladder: readonly {
    readonly rung: number;
    readonly chosen: boolean;
    readonly verdict: { readonly usable: boolean; readonly reason?: string; readonly hint?: string };
  }[];
}

/** `varve doctor` where builds run: the rung that is used, and for each better one what is missing and how to get it. */
export const doctors: readonly RungCase[] = [
  [
    'varve doctor names the rung, and the way to better ones',
    async ({ root, others }) => {
      const known = [root, ...others].filter(({ name }) => name in expected);
      assert.equal(known.length, Object.keys(expected).length);
      for (const { name, varve } of known) {
        const outcome = await varve(['doctor', '--json']);
        assert.equal(outcome.code, 0, transcript(outcome));
        const { ladder } = JSON.parse(outcome.stdout) as Ladder;
        assert.equal(ladder.find(({ chosen }) => chosen)?.rung, expected[name], name);
        const shown = (await varve(['doctor'])).stdout;
        assert.match(shown, new RegExp(`^ *-> ${expected[name]} `, 'm'));
        for (const { verdict } of ladder.filter(({ rung }) => rung < 3 && rung < (expected[name] ?? 0))) {
          assert.ok(!verdict.usable && verdict.reason && verdict.hint, name);
          assert.match(verdict.hint, /securityContext\.\w+/);
          assert.ok(shown.includes(verdict.hint) && shown.includes(verdict.reason), shown);
        }
      }
    },
  ],
];
