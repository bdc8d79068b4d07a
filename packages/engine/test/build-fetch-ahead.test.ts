import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyImage, createRegistryClient, hostPlatform, parseReference } from '@varve/oci';
import {
  type Fault,
  type FaultProxy,
  type MemoryRegistry,
  noise,
  sampleImage,
  sampleIndex,
  startFaultProxy,
  startRegistry,
} from '@varve/oci/testing';
import { build } from '../src/build.js';
import { checkBuild, planBuild } from '../src/look-ahead.js';
import type { VarveError } from '../src/model/error.js';
import type { BuildOptions } from '../src/model/options.js';
import { StepWorkshop, whyNoSteps } from './run-support.js';

const image = await sampleImage({ platform: hostPlatform(), layers: [{ noise: noise(2_000_000, 'ahead') }] });
const layer = new RegExp(`blobs/${image.manifest.layers[0]?.digest}`);
const always = Number.POSITIVE_INFINITY;
let registry: MemoryRegistry;

before(async () => {
  registry = await startRegistry();
  const client = createRegistryClient();
  await copyImage({
    from: { kind: 'content', reader: sampleIndex([image]).reader, root: image.descriptor },
    to: { kind: 'registry', client, references: [parseReference(`${registry.host}/base:1`)] },
  });
  await client.close();
});
after(() => registry.close());

function layerRequests({ seen }: FaultProxy): number {
  return seen.filter(({ url }) => layer.test(url)).length;
}

/** A server of files that answers `404` once the layer was asked for, having done something; or after ten seconds. */
async function startFiles(proxy: FaultProxy, onLayer: () => void): Promise<Server> {
  const server = createServer(async (_, response) => {
    for (let left = 1000; left > 0 && layerRequests(proxy) === 0; left--) await sleep(10);
    if (layerRequests(proxy) > 0) onLayer();
    response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  // A test that fails does not close it.
  return server.unref();
}

async function withProxy<T>(faults: readonly Fault[], action: (proxy: FaultProxy) => Promise<T>): Promise<T> {
  const proxy = await startFaultProxy(registry.host, faults);
  try {
    return await action(proxy);
  } finally {
    await proxy.close();
  }
}

describe('layers of a base that a RUN will surely need', { skip: whyNoSteps() }, () => {
  for (const { name, text } of [
    { name: 'of the target itself', text: (from: string, add: string) => `${from}\n${add}\nRUN true\n` },
    {
      name: 'of a stage that the target stands on',
      text: (from: string, add: string) => `${from} AS a\nRUN true\nFROM a\n${add}\n`,
    },
  ])
    for (const ending of ['is cancelled', 'cannot be planned'] as const)
      it(`${name} are asked for while the rest is planned; nothing of them is left where the build ${ending}`, async () => {
        // A byte each second: the build ends long before the layer is here.
        await withProxy([{ kind: 'slow', everyMs: 1000, path: layer, times: always }], async proxy => {
          const shop = new StepWorkshop();
          const abort = new AbortController();
          let told = false;
          const files = await startFiles(proxy, () => {
            told = true;
            if (ending === 'is cancelled') abort.abort(new Error('enough'));
          });
          const add = `ADD http://127.0.0.1:${(files.address() as AddressInfo).port}/file /`;
          const building = shop.build(
            text(`FROM ${proxy.host}/base:1`, add),
            { ...shop.stepOptions, noCache: true },
            abort.signal,
          );
          await assert.rejects(building, ending === 'is cancelled' ? /enough/ : { code: 'E_REGISTRY_STATUS' });
          files.close();
          assert.ok(told, 'the layer was not asked for');
          assert.equal(layerRequests(proxy), 1);
          assert.deepEqual(shop.leftovers(), []);
        });
      });

  it('are not asked for by what runs nothing', async () => {
    const options = (shop: StepWorkshop): BuildOptions => shop.options({ ...shop.stepOptions, noCache: true });
    const run = (shop: StepWorkshop, target?: string): Promise<unknown> =>
      build({ ...options(shop), ...(target ? { target } : {}) });
    const step = (from: string): string => `${from}\nRUN true\n`;
    const cases: readonly [string, (from: string) => string, (shop: StepWorkshop) => Promise<unknown>][] = [
      ['a plan', step, shop => planBuild(options(shop))],
      ['a check', step, shop => checkBuild(options(shop))],
      ['a target above', from => `FROM scratch AS it\nCOPY .keep /\n${step(from)}`, shop => run(shop, 'it')],
      ['a stage that nobody needs', from => `${step(from)}FROM scratch\nCOPY .keep /\n`, shop => run(shop)],
    ];
    await withProxy([], async proxy => {
      for (const [what, text, does] of cases) {
        const shop = new StepWorkshop();
        shop.write({ Dockerfile: text(`FROM ${proxy.host}/base:1`) });
        await does(shop);
        assert.equal(layerRequests(proxy), 0, what);
        assert.deepEqual(shop.leftovers(), []);
      }
    });
  });

  for (const fault of [{ kind: 'status', status: 404 }, { kind: 'corrupt' }] satisfies Fault[])
    it(`fail as they do when they are asked for later (${fault.kind})`, async () => {
      const attempt = async (early: boolean) =>
        withProxy([{ ...fault, path: layer, times: always }], async proxy => {
          const shop = new StepWorkshop();
          const options = { ...shop.stepOptions, noCache: early };
          const text = `FROM ${proxy.host}/base:1\nWORKDIR /a\nRUN true\n`;
          const error = await shop.build(text, options).then(
            () => assert.fail('it was built'),
            (thrown: VarveError) => thrown,
          );
          assert.deepEqual(shop.leftovers(), []);
          // A build that asks caches may begin again.
          const ends = new Set(
            shop.events.flatMap(event => (event.type === 'stepFinished' ? `${event.label} ${event.result.kind}` : [])),
          );
          const { code, where, hint } = error;
          const message = error.message.replaceAll(proxy.host, 'HOST');
          return { told: { code, message, where, hint, ends }, requests: layerRequests(proxy) };
        });
      const [early, late] = [await attempt(true), await attempt(false)];
      assert.deepEqual(early.told, late.told);
      assert.equal(early.requests, 1);
    });
});
