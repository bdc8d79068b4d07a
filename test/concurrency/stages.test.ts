import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { need } from '../rig/need.js';
import { transcript, type VarveOutcome } from '../rig/varve.js';
import { type BuildSite, openBuildSite } from './build-site.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');
const names = ['a', 'b', 'c', 'd', 'e'];

describe('stages that do not wait for each other', { skip }, () => {
  let site: BuildSite;
  before(async () => {
    site = await openBuildSite('stages');
  });
  after(() => site?.close());

  /** A stage that says five things. With `meeting` it waits after the first until four others have said that too. */
  const stage = (name: string, meeting?: string): string => {
    const mount = meeting === undefined ? '' : `--mount=type=cache,id=${meeting},target=/met `;
    const meet = `touch /met/${name}; n=0; until [ $(ls /met | wc -l) = 5 ]; do n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done; `;
    const script = `echo "1 of ${name}"; ${meeting === undefined ? '' : meet}for i in 2 3 4 5; do echo "$i of ${name}"; sleep 0.1; done`;
    return `FROM ${site.registry}/busybox AS ${name}\nRUN ${mount}${script}; echo ${name} > /${name}\n`;
  };
  const build = async (text: string, jobs: number): Promise<VarveOutcome> => {
    const file = site.bench.path('Dockerfile.stages');
    writeFileSync(file, text);
    const flags = ['--no-cache', '--jobs', String(jobs), '--progress', 'plain'];
    const outcome = await site.varve(['build', site.bench.path('context'), '-f', file, ...flags]);
    assert.equal(outcome.code, 0, transcript(outcome));
    return outcome;
  };
  const five = (meeting?: string): string =>
    [
      ...names.map(name => stage(name, meeting)),
      'FROM scratch\n',
      ...names.map(name => `COPY --from=${name} /${name} /\n`),
    ].join('');

  test('run side by side: five that wait for each other come to their end', { timeout: 300_000 }, async () => {
    await build(five('side-by-side'), 5);
  });

  test('begin beside those that they copy from later: two that wait for each other come to their end', {
    timeout: 300_000,
  }, async () => {
    const meet = (own: string, other: string): string =>
      `RUN --mount=type=cache,id=early,target=/met touch /met/${own}; n=0; until [ -e /met/${other} ]; do n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done; echo ${own} > /${own}\n`;
    const from = `FROM ${site.registry}/busybox`;
    await build(
      `${from} AS tools\n${meet('one', 'two')}${from}\n${meet('two', 'one')}COPY --from=tools /one /\nRUN cat /one /two\n`,
      2,
    );
  });

  test('tell apart what they print, and keep the order of each', { timeout: 300_000 }, async () => {
    const { stderr } = await build(five('telling'), 5);
    const lines = stderr.split('\n');
    const numbers = names.map(name => {
      const number = new RegExp(`^(#\\d+) \\[${name} 2/2\\]`, 'm').exec(stderr)?.[1];
      const printed = lines.filter(
        line => line.startsWith(`${number} `) && / \d of /.test(line) && !line.includes('RUN'),
      );
      assert.deepEqual(
        printed.map(line => line.replace(/^#\d+ [\d.]+ /, '')),
        [1, 2, 3, 4, 5].map(index => `${index} of ${name}`),
      );
      return number;
    });
    assert.equal(new Set(numbers).size, names.length);
    const first = lines.findIndex(line => / 5 of /.test(line) && !line.includes('RUN'));
    const begun = new Set(lines.slice(0, first).flatMap(line => / \d of (\w)$/.exec(line)?.[1] ?? []));
    assert.ok(begun.size > 1, 'the stages ran one after the other');
  });

  test('keep to --jobs', { timeout: 300_000 }, async () => {
    const { stderr } = await build(five(), 1);
    const order = stderr
      .split('\n')
      .flatMap(line => /^#\d+ [\d.]+ (\d) of (\w)$/.exec(line)?.slice(1, 3).join('') ?? []);
    const stages = order.map(entry => entry[1]);
    assert.equal(stages.filter((name, index) => name !== stages[index - 1]).length, 5, order.join(' '));
  });
});
