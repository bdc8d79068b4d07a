import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readLayoutImage, type Workshop } from './build-support.js';
import { failure } from './planning-support.js';
import { StepWorkshop, whyNoSteps } from './run-support.js';

const base = 'FROM scratch\nCOPY --chmod=755 busybox /bin/sh\n';
const compression = { id: 'none', options: {} };

/** Mounts of a workshop that can be seen from here; others may mount meanwhile. */
function mounts(shop: Workshop): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(shop.path('')));
}

describe('a build with RUN', { skip: whyNoSteps() }, () => {
  it('makes one layer of all steps where that is wanted, without what they take away again', async () => {
    const shop = new StepWorkshop();
    shop.write({ 'context/later': 'later' });
    const text = `${base}RUN echo hush > /secret; echo one > /kept; mkdir /d; echo x > /d/x
COPY later /d/later
RUN rm /secret /d/x; echo two >> /kept; ln /kept /linked
`;
    const squashed = { squash: true, outputs: [{ type: 'oci', attributes: { dest: 'squashed' } }] };
    await shop.build(text, { ...shop.stepOptions, compression, ...squashed });
    const { layers, config } = await readLayoutImage(shop.path('squashed'));
    assert.equal(layers.length, 1);
    const files = layers[0]?.filter(line => !line.endsWith('/') && !line.startsWith('bin/'));
    assert.deepEqual(files, ['d/later = later', 'kept = one\ntwo\n', 'linked = ']);
    const history = config.history?.map(entry => entry.empty_layer === true);
    assert.deepEqual(history, [true, true, true, false]);
    await shop.build(text, {
      ...shop.stepOptions,
      compression,
      ...squashed,
      outputs: [{ type: 'oci', attributes: { dest: 'again' } }],
    });
    assert.deepEqual(shop.outcomes(), ['cached', 'cached', 'cached', 'cached']);
    assert.deepEqual(await readLayoutImage(shop.path('again')), await readLayoutImage(shop.path('squashed')));
    const plain = await shop.build(text, {
      ...shop.stepOptions,
      compression,
      outputs: [{ type: 'oci', attributes: { dest: 'plain' } }],
    });
    assert.equal(plain.images.images[0].layers.length, 4);
  });

  it('runs the step once, tells what it prints, and has its changes in a layer', async () => {
    const shop = new StepWorkshop();
    const text = `${base}ARG WHO=world\nRUN --network=none echo "hello $WHO"; echo made > /made; rm -f /nothing\nCMD ["/bin/sh"]\n`;
    const first = await shop.build(text, {
      ...shop.stepOptions,
      compression,
      outputs: [{ type: 'oci', attributes: { dest: 'out' } }],
    });
    const output = shop.events.flatMap(event => (event.type === 'stepOutput' ? event.text : [])).join('');
    assert.equal(output, 'hello world\n');
    assert.deepEqual(shop.outcomes(), ['ran', 'ran']);
    const chosen = shop.events.flatMap(event => (event.type === 'providerChosen' ? event.slot : []));
    assert.deepEqual(chosen.sort(), ['executor', 'snapshotter']);
    const { layers } = await readLayoutImage(shop.path('out'));
    // Nothing of what the step needed to run is left: no mount point, no /etc/resolv.conf.
    assert.deepEqual(
      layers[1]?.filter(line => line !== '/'),
      ['made = made\n'],
    );
    const second = await shop.build(text, { ...shop.stepOptions, compression });
    assert.deepEqual(shop.outcomes(), ['cached', 'cached']);
    assert.equal(second.digest, first.digest);
    assert.deepEqual(shop.leftovers(), []);
  });

  it('of stages side by side has a root for each, while it is still being chosen how they are made', async () => {
    const shop = new StepWorkshop();
    const stage = (name: string): string =>
      `${base.replace('scratch', `scratch AS ${name}`)}RUN echo ${name} > /made\n`;
    const text = `${stage('one')}${stage('two')}${stage('three')}COPY --from=one /made /one\nCOPY --from=two /made /two\n`;
    const output = { type: 'oci', attributes: { dest: 'out' } };
    await shop.build(text, { ...shop.stepOptions, compression, outputs: [output], jobs: 3 });
    const { layers } = await readLayoutImage(shop.path('out'));
    const made = layers.flatMap(files => files.filter(line => !line.endsWith('/') && !line.startsWith('bin/')));
    assert.deepEqual(made, ['made = three\n', 'one = one\n', 'two = two\n']);
  });

  it('that fails says with what and where, and leaves neither mount nor folder', async () => {
    const shop = new StepWorkshop();
    await assert.rejects(
      shop.build(`${base}RUN --network=none exit 7\n`, { ...shop.stepOptions, compression }),
      (error: object) => {
        assert.deepEqual((error as { data?: object }).data, { exitCode: 7 });
        return failure('E_STEP_FAILED', '3:1')(error);
      },
    );
    assert.deepEqual(shop.outcomes(), ['ran', 'failed']);
    assert.deepEqual(shop.leftovers(), []);
    assert.deepEqual(mounts(shop), []);
  });

  it('says once that a base is unpacked, and nothing of small layers of the stage itself', async () => {
    const shop = new StepWorkshop();
    shop.write({ 'context/f': 'f' });
    await shop.build(`${base}RUN true\nCOPY f /one\nRUN true\nCOPY f /two\nRUN true\n`, {
      ...shop.stepOptions,
      compression,
    });
    const told = shop.events.flatMap(event =>
      event.type === 'progress' && event.activity === 'unpack' ? [[event.what, event.done ?? false]] : [],
    );
    assert.deepEqual(told.at(-1), ['the base', true]);
    assert.deepEqual(new Set(told.map(([what]) => what)), new Set(['the base']));
    assert.equal(told.filter(([, done]) => done).length, 1);
  });

  it('that is cancelled ends its steps at once', async () => {
    const shop = new StepWorkshop();
    const abort = new AbortController();
    shop.onEvent = event => {
      if (event.type === 'stepOutput') abort.abort(new Error('enough'));
    };
    const building = shop.build(
      `${base}RUN --network=none echo begun; sleep 600\n`,
      { ...shop.stepOptions, compression },
      abort.signal,
    );
    await assert.rejects(building, { message: 'enough' });
    assert.equal(shop.outcomes().at(-1), 'stopped');
    assert.deepEqual(shop.leftovers(), []);
    assert.deepEqual(mounts(shop), []);
  });
});
