import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type Fault, noise } from '@varve/oci/testing';
import { need } from '../rig/need.js';
import { pulledDigest, startProxy } from '../rig/oci-services.js';
import { transcript, varveWith } from '../rig/varve.js';
import { configPasses, layerRequest, manifestRequest, openPullWorld, type PullWorld } from './pull-world.js';
import { openPushWorld, type PushWorld, uploadRequest } from './push-world.js';

const skip = need('linux', 'registry');
const timeout = 170_000;
/** So long a host may say nothing, or next to nothing, before a request is given up and sent again. */
const patience = 59_000;

// All of them wait at the same time.
describe('hosts that take for ever: the build recovers after a minute', { skip, concurrency: 6 }, () => {
  let pulling: PullWorld;
  let pushing: PushWorld;
  before(async () => {
    pulling = await openPullWorld('slow-pulls');
    pushing = await openPushWorld('slow-pushes');
  });
  after(async () => {
    await pulling?.bench.close();
    await pushing?.bench.close();
  });

  const pulls: readonly { readonly name: string; readonly faults: readonly Fault[] }[] = [
    {
      name: 'a layer that comes byte by byte',
      faults: [configPasses, { kind: 'slow', everyMs: 20, path: layerRequest }],
    },
    { name: 'an answer that never comes', faults: [{ kind: 'stall', after: 'request', path: manifestRequest }] },
    {
      name: 'a layer that never comes',
      faults: [configPasses, { kind: 'stall', after: 'headers', path: layerRequest }],
    },
  ];
  for (const { name, faults } of pulls)
    test(name, { timeout }, async () => {
      const proxy = await startProxy(pulling.bench, pulling.registry.host, faults);
      const built = await pulling.build(name, proxy.host);
      assert.equal(proxy.struck(), faults.length);
      assert.ok(built.outcome.milliseconds > patience);
      pulling.assertGood(built);
    });

  test('a push to a host that does not answer', { timeout }, async () => {
    const proxy = await startProxy(pushing.bench, pushing.registry.host, [
      { kind: 'stall', after: 'request', method: 'HEAD' },
    ]);
    const pushed = await pushing.push('mute', `${proxy.host}/mute`);
    assert.equal(proxy.struck(), 1);
    await pushing.assertPushed(pushed, `${pushing.registry.host}/mute`);
  });

  test('a push to a host that takes no bytes', { timeout }, async () => {
    const { bench, registry } = pushing;
    // More than the buffers of two sockets hold.
    const context = bench.path('large');
    mkdirSync(context);
    writeFileSync(`${context}/noise.bin`, noise(16_000_000, 'deaf'));
    writeFileSync(`${context}/Dockerfile`, 'FROM scratch\nCOPY noise.bin /\n');
    const proxy = await startProxy(bench, registry.host, [
      { kind: 'deaf', method: 'PUT', path: uploadRequest, times: 2 },
    ]);
    const varve = varveWith(bench.path('store-deaf'));
    const outcome = await varve(['build', context, '-t', `${proxy.host}/deaf:1`, '--push']);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(proxy.struck(), 2);
    assert.equal(await pulledDigest(`${registry.host}/deaf:1`), outcome.stdout.trim());
  });
});
