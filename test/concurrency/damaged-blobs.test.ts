import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { need } from '../rig/need.js';
import { transcript } from '../rig/varve.js';
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
