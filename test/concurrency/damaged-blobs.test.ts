import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { baseLayout } from '../rig/bases.js';
import { need } from '../rig/need.js';
import { transcript, varveWith } from '../rig/varve.js';
import { openWorkbench } from '../rig/workbench.js';
import { type BuildSite, blobPath, blobsOf, openBuildSite, wrongBlobs } from './build-site.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

const damages: Readonly<Record<string, (path: string) => void>> = {
  'cut to half': path => truncateSync(path, statSync(path).size >> 1),
  empty: path => truncateSync(path, 0),
  'with another byte in the middle': path => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from([0x55]), 0, 1, statSync(path).size >> 1);
    closeSync(file);
  },
};

describe('a blob of the store that is damaged by hand', { skip }, () => {
  let site: BuildSite;
  let digest: string;
  const output = (): readonly string[] => ['-o', `type=oci,dest=${site.bench.path('out.tar')}`];

  before(async () => {
    site = await openBuildSite('damaged');
    const first = await site.build(output());
    assert.equal(first.code, 0, transcript(first));
    digest = first.stdout;
  });
  after(() => site?.close());

  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}: is noticed by the next build that uses it, and made good`, { timeout: 600_000 }, async () => {
      const { store } = site.varve;
      for (const hex of blobsOf(store)) {
        if (!existsSync(blobPath(store, hex))) continue;
        damage(blobPath(store, hex));
        const next = await site.build(output());
        assert.equal(next.code, 0, transcript(next));
        assert.equal(next.stdout, digest);
      }
      // What these builds did not read is still as it was; one without a cache uses all of it.
      const anew = await site.build(['--no-cache', ...output()]);
      assert.equal(anew.stdout, digest, transcript(anew));
      assert.deepEqual(wrongBlobs(store), []);
    });
  }
});

describe('a layer of the store that is found to be damaged when it is unpacked', { skip }, () => {
  const bench = openWorkbench('damaged-layer');
  after(() => bench.close());

  test('is made again, be it of the build or of its base', async () => {
    const layout = await baseLayout('busybox');
    const varve = varveWith(bench.path('store'));
    const build = (word: string) =>
      varve(
        [
          ...['build', '-', '--build-context', `base=oci-layout://${layout}`, '--snapshot', 'full'],
          ...['-o', `type=oci,dest=${bench.path(word)}`, '--progress', 'json'],
        ],
        {
          input: `FROM base\nRUN seq 1 90000 > /numbers\nRUN echo ${word} > /word\n`,
          // What is made again is the same.
          env: { SOURCE_DATE_EPOCH: '1700000000' },
        },
      );
    const first = await build('first');
    assert.equal(first.code, 0, transcript(first));
    const hexOf = (digest: string) => digest.replace('sha256:', '');
    const index = JSON.parse(readFileSync(bench.path('first/index.json'), 'utf8'));
    const manifest = readFileSync(blobPath(bench.path('first'), hexOf(index.manifests[0].digest)), 'utf8');
    const { layers } = JSON.parse(manifest) as { readonly layers: readonly { readonly digest: string }[] };
    for (const [at, { digest }] of layers.slice(0, 2).entries()) {
      const path = blobPath(varve.store, hexOf(digest));
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.from([0x55, 0x2a]), 0, 2, statSync(path).size >> 1);
      closeSync(file);
      const next = await build(`next-${at}`);
      assert.equal(next.code, 0, transcript(next));
      assert.ok(
        next.events.some(({ code }) => code === 'W_CACHE_LOST'),
        transcript(next),
      );
      assert.deepEqual(wrongBlobs(varve.store), []);
    }
  });
});
