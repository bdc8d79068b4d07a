import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, graphOf, imageOf, type Planning } from './planning-support.js';

const threeStages = 'FROM one AS Build\nFROM two AS other\nFROM build\n';

async function baseOf(text: string, planning: Planning = {}): Promise<unknown> {
  return (await graphOf(text, planning)).stages.at(-1)?.base;
}

describe('target and stages', () => {
  it('builds the last stage and looks at no stage that it does not need', async () => {
    const lookedUp: string[] = [];
    const graph = await graphOf(threeStages, { lookedUp });
    assert.equal(graph.target, 2);
    assert.deepEqual(
      graph.stages.map(({ index }) => index),
      [0, 2],
    );
    assert.deepEqual(lookedUp, ['one']);
  });

  for (const [target, index] of [
    ['build', 0],
    ['BUILD', 0],
    ['Other', 1],
    ['1', 1],
    ['2', 2],
    ['', 2],
  ] as const)
    it(`finds the target "${target}"`, async () => {
      assert.equal((await graphOf(threeStages, { target })).target, index);
    });

  it('names the nearest stage where the target is none', async () => {
    await assert.rejects(
      graphOf(threeStages, { target: 'biuld' }),
      failure('E_STAGE_UNKNOWN', undefined, /did you mean "build"/),
    );
    await assert.rejects(graphOf(threeStages, { target: '3' }), failure('E_STAGE_UNKNOWN'));
    await assert.rejects(
      graphOf('FROM one\n', { target: 'x' }),
      failure('E_STAGE_UNKNOWN', undefined, /no stage of this file has a name/),
    );
  });

  it('labels stages by name, by number, and a lone one not at all', async () => {
    const labels = async (text: string): Promise<readonly string[]> =>
      (await graphOf(text)).stages.map(({ label }) => label);
    assert.deepEqual(await labels('FROM a\nFROM b AS B\nCOPY --from=0 /x /\nFROM b\n'), ['stage-0', 'b', 'stage-2']);
    assert.deepEqual(await labels('FROM a\n'), ['']);
  });
});

describe('bases', () => {
  it('are stages by their lower-case name, images, and scratch', async () => {
    assert.deepEqual(await baseOf('FROM x AS Tools\nFROM tools\n'), { kind: 'stage', index: 0 });
    // As in BuildKit. The name of an image, it is one that cannot be.
    assert.deepEqual(await baseOf('FROM x AS Tools\nFROM Tools\n'), {
      kind: 'image',
      reference: 'Tools',
      nearStage: 'tools',
    });
    assert.deepEqual(await baseOf('FROM debian:12\n'), { kind: 'image', reference: 'debian:12' });
    assert.deepEqual(await baseOf('FROM scratch\n'), { kind: 'scratch' });
    // A number is no stage for FROM, other than for --from.
    assert.deepEqual(await baseOf('FROM x AS a\nFROM 0\n'), { kind: 'image', reference: '0' });
    // Nor is a stage that is still to come.
    assert.deepEqual(await baseOf('FROM later\nFROM x AS later\n', { target: '0' }), {
      kind: 'image',
      reference: 'later',
    });
  });

  it('take arguments from before the first FROM', async () => {
    const text = 'ARG V=12\nARG NAME=debian:$V\nFROM $' + '{NAME}-slim\n';
    assert.deepEqual(await baseOf(text), { kind: 'image', reference: 'debian:12-slim' });
    assert.deepEqual(await baseOf(text, { buildArgs: { V: '13' } }), { kind: 'image', reference: 'debian:13-slim' });
  });

  it('go on from the image and the platform of the stage that they are', async () => {
    const graph = await graphOf('FROM --platform=linux/arm64 one AS a\nFROM a\n', { images: { one: imageOf(['x']) } });
    const [first, second] = graph.stages;
    assert.equal(second?.image, first?.image);
    assert.equal(second?.platform.architecture, 'arm64');
    assert.deepEqual(second?.needs, [0]);
  });

  it('are looked up for the platform of FROM, with variables', async () => {
    const graph = await graphOf('FROM --platform=$BUILDPLATFORM one\n', {
      platform: { os: 'linux', architecture: 'riscv64' },
    });
    assert.equal(graph.stages[0]?.platform.architecture, 'amd64');
  });

  it('are replaced by named contexts, under every form of the name', async () => {
    const contexts = { Alpine: 'docker-image://busybox:1', tools: '../tools' };
    for (const name of ['alpine', 'alpine:latest', 'docker.io/library/alpine', 'docker.io/alpine:latest'])
      assert.deepEqual(await baseOf(`FROM ${name}\n`, { contexts }), { kind: 'image', reference: 'busybox:1' }, name);
    assert.deepEqual(await baseOf('FROM alpine:3\n', { contexts }), { kind: 'image', reference: 'alpine:3' });
    // A folder is an empty stage with a first step that brings its files.
    const folder = (await graphOf('FROM tools\nUSER x\n', { contexts })).stages[0];
    assert.deepEqual([folder?.base, folder?.contextBase, folder?.triggers], [{ kind: 'scratch' }, 'tools', 1]);
    assert.deepEqual(
      folder?.instructions.map(({ keyword }) => keyword),
      ['COPY', 'USER'],
    );
    assert.deepEqual([...(folder?.froms.values() ?? [])], [{ kind: 'context', name: 'tools' }]);
    // A stage of the name is replaced as a whole: its own base is not looked at, its instructions are not carried out.
    const lookedUp: string[] = [];
    const whole = (await graphOf('FROM debian AS Tools\nRUN x\n', { contexts, lookedUp })).stages[0];
    assert.deepEqual([whole?.contextBase, whole?.instructions.length], ['tools', 1]);
    assert.deepEqual(lookedUp, []);
  });

  it('that are empty or for no platform are errors with their place', async () => {
    const hint = /declare the argument with ARG before the first FROM/;
    await assert.rejects(graphOf('FROM x AS a\nFROM  $NOPE\n'), failure('E_BASE_INVALID', '2:7', hint));
    await assert.rejects(graphOf('FROM --platform=$NOPE x\n'), failure('E_BASE_INVALID', '1:17', hint));
    await assert.rejects(graphOf('FROM --platform=a/b/c/d x\n'), failure('E_BAD_PLATFORM', '1:17'));
  });

  it('that cannot be looked up are errors with their place and the hint of the registry', async () => {
    const images = {
      get x(): never {
        throw Object.assign(new Error('there is no such image'), { code: 'E_NOT_FOUND', hint: 'look again' });
      },
    };
    await assert.rejects(graphOf('FROM x\n', { images }), failure('E_NOT_FOUND', '1:6', /look again/));
  });
});
