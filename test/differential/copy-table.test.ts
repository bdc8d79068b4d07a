import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { need } from '../rig/need.js';
import { startNewerDockerd } from '../rig/newer-dockerd.js';
import { startRegistry } from '../rig/registry.js';
import { varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { combinations } from './copy-combinations.js';
import { compareCombinations, prepareTable, type Table } from './copy-table.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'python3', 'mmdebstrap');

/** VARVE_TEST_COPY=all crosses every source with every destination and flag; any other value narrows to names that hold it. */
const wanted = process.env.VARVE_TEST_COPY;
const found = combinations({ all: wanted === 'all' });
const chosen = wanted === undefined || wanted === 'all' ? found : found.filter(({ name }) => name.includes(wanted));

/** Lines of one Dockerfile: each makes a layer, and the layers of one image are mounted at once. */
const batchSize = 66;

describe('what is copied, where to and how: the same in Docker and in Varve', { skip }, () => {
  let bench: Workbench;
  let table: Table;

  before(async () => {
    bench = openWorkbench('copy-table');
    const registry = await startRegistry(bench);
    const docker = await startNewerDockerd(bench, [Number(new URL(registry.url).port)]);
    table = await prepareTable({ bench, registry, docker, varve: varveWith(bench.path('store')) }, chosen);
  });
  after(() => bench?.close());

  for (let start = 0; start < chosen.length; start += batchSize) {
    const batch = chosen.slice(start, start + batchSize);
    const name = `${batch[0]?.name} and ${batch.length - 1} more`;
    test(name, { timeout: 600_000 }, async () => {
      const differences = await compareCombinations(table, `batch-${start}`, batch);
      const told = [...differences].map(([combination, what]) => [combination, ...what].join('\n  '));
      assert.equal(told.length, 0, `\n${told.join('\n')}`);
    });
  }
});
