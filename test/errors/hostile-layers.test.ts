import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { toldErrors } from '../rig/build-events.js';
import { need } from '../rig/need.js';
import { makeLayout } from '../rig/oci-make.js';
import { type RawEntry, rawTar } from '../rig/raw-tar.js';
import { copyImage, type Registry, startRegistry } from '../rig/registry.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const up = '../../../../../../../../..';

/** Base layers that try to leave their root; `outside` is a folder of the machine. `contained`: legal, if it stays inside. */
const tricks: readonly {
  readonly name: string;
  readonly entries: (outside: string) => readonly RawEntry[];
  readonly contained?: true;
}[] = [
  { name: 'a name with ..', entries: outside => [{ name: `${up}${outside}/evil`, type: '0', text: 'evil' }] },
  {
    name: '.. in the middle of a name',
    entries: outside => [{ name: `a/../${up}${outside}/evil`, type: '0', text: 'evil' }],
  },
  { name: 'a hard link by ..', entries: outside => [{ name: 'link', type: '1', link: `${up}${outside}/precious` }] },
  { name: 'an absolute hard link', entries: outside => [{ name: 'link', type: '1', link: `${outside}/precious` }] },
  {
    name: 'a hard link through a symbolic link',
    entries: outside => [
      { name: 'way', type: '2', link: outside },
      { name: 'link', type: '1', link: 'way/precious' },
      { name: 'link', type: '0', text: 'evil' },
    ],
  },
  {
    name: 'an absolute name',
    entries: outside => [{ name: `${outside}/evil`, type: '0', text: 'evil' }],
    contained: true,
  },
  {
    name: 'a name through an absolute symbolic link',
    entries: outside => [
      { name: 'way', type: '2', link: outside },
      { name: 'way/evil', type: '0', text: 'evil' },
    ],
    contained: true,
  },
  {
    name: 'a name through a symbolic link with ..',
    entries: outside => [
      { name: 'way', type: '2', link: `${up}${outside}` },
      { name: 'way/evil', type: '0', text: 'evil' },
    ],
    contained: true,
  },
  {
    name: 'a file over a symbolic link',
    entries: outside => [
      { name: 'way', type: '2', link: `${outside}/precious` },
      { name: 'way', type: '0', text: 'evil' },
    ],
    contained: true,
  },
  {
    name: 'a whiteout through a symbolic link',
    entries: outside => [
      { name: 'way', type: '2', link: outside },
      { name: 'way/.wh.precious', type: '0' },
    ],
    contained: true,
  },
  {
    name: 'a folder over a symbolic link',
    entries: outside => [
      { name: 'way', type: '2', link: outside },
      { name: 'way', type: '5' },
      { name: 'way/evil', type: '0', text: 'evil' },
    ],
    contained: true,
  },
];

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

describe('a base layer that tries to leave its root', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let varve: Varve;
  let outside: string;

  before(async () => {
    bench = openWorkbench('x');
    registry = await startRegistry(bench);
    varve = varveWith(bench.path('store'));
    outside = bench.path('out');
    mkdirSync(outside);
    writeFileSync(bench.path('out/precious'), 'precious');
    mkdirSync(bench.path('context'));
  });
  after(() => bench?.close());

  for (const [index, { name, entries, contained }] of tricks.entries()) {
    test(name, { timeout: 300_000 }, async () => {
      const image = `${registry.host}/trick:${index}`;
      writeFileSync(bench.path(`${index}.tar`), rawTar([{ name: 'bin', type: '5' }, ...entries(outside)]));
      await makeLayout(bench.path(`layout-${index}`), [bench.path(`${index}.tar`)], { cmd: ['x'], env: ['PATH=/bin'] });
      await copyImage(`oci:${bench.path(`layout-${index}`)}:latest`, `docker://${image}`);
      writeFileSync(
        bench.path('Dockerfile'),
        `FROM ${image}\nCOPY --from=busybox busybox /bin/busybox\nRUN ["/bin/busybox", "true"]\n`,
      );
      const folder = ['--build-context', 'busybox=/bin'];
      const flags = [
        '-f',
        bench.path('Dockerfile'),
        ...folder,
        '--progress',
        'json',
        '-o',
        `type=oci,dest=${bench.path(`o${index}`)}`,
      ];
      const outcome = await varve(['build', bench.path('context'), ...flags]);
      assert.ok(!existsSync(bench.path('out/evil')), 'a file was written outside');
      assert.equal(readFileSync(bench.path('out/precious'), 'utf8'), 'precious');
      assert.equal(statSync(bench.path('out/precious')).nlink, 1, 'a file outside was linked');
      if (outcome.code === 0) assert.ok(contained, `it was accepted\n${transcript(outcome)}`);
      else {
        assert.equal(outcome.code, 1, transcript(outcome));
        assert.deepEqual(
          toldErrors(outcome).map(({ code }) => code),
          ['E_LAYER_INVALID'],
          transcript(outcome),
        );
        assert.ok(!existsSync(bench.path(`o${index}`)));
      }
    });
  }
});
