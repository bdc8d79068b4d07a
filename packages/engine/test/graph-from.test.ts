import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, graphOf, imageOf, type Planning, planOf } from './planning-support.js';

/** What the `--from`s of the last stage mean, and the stages that it needs. */
async function fromsOf(text: string, planning: Planning = {}): Promise<{ froms: object; needs: readonly number[] }> {
  const stage = (await graphOf(text, planning)).stages.at(-1);
  return { froms: Object.fromEntries(stage?.froms ?? []), needs: stage?.needs ?? [] };
}

describe('--from', () => {
  it('means stages by name in any case or number, images, contexts and scratch', async () => {
    const text = `FROM x AS Build
FROM y
FROM scratch
COPY --from=BUILD /a /a
COPY --from=1 /a /b
COPY --from=alpine:3 /a /c
COPY --from=Assets /a /d
COPY --from=docker-tools /a /e
COPY --from=scratch / /f
`;
    const contexts = { assets: './assets', 'docker-tools': 'docker-image://tools:1' };
    assert.deepEqual(await fromsOf(text, { contexts }), {
      froms: {
        BUILD: { kind: 'stage', index: 0 },
        1: { kind: 'stage', index: 1 },
        'alpine:3': { kind: 'image', reference: 'alpine:3' },
        Assets: { kind: 'context', name: 'assets' },
        'docker-tools': { kind: 'image', reference: 'tools:1' },
        scratch: { kind: 'scratch' },
      },
      needs: [0, 1],
    });
  });

  it('may number a stage with a sign, and knows scratch in lower case alone, as BuildKit', async () => {
    const { froms } = await fromsOf('FROM x\nFROM y\nCOPY --from=+0 /f /f\nCOPY --from=SCRATCH /f /f\n');
    assert.deepEqual(froms, { '+0': { kind: 'stage', index: 0 }, SCRATCH: { kind: 'image', reference: 'SCRATCH' } });
  });

  it('of a mount counts', async () => {
    const text =
      'FROM x AS a\nFROM x AS b\nFROM y\nRUN --mount=type=bind,from=a,target=/m --mount=type=cache,from=B,target=/c ls\n';
    assert.deepEqual(await fromsOf(text), {
      froms: { a: { kind: 'stage', index: 0 }, B: { kind: 'stage', index: 1 } },
      needs: [0, 1],
    });
  });

  it('of a mount knows no numbers, as in BuildKit', async () => {
    const mounted = (from: string): string => `FROM x AS a\nFROM y\nRUN --mount=from=${from},target=/m ls\n`;
    await assert.rejects(graphOf(mounted('0')), failure('E_STAGE_UNKNOWN', '3:18', /FROM … AS NAME/));
  });

  it('brings in what the other stage needs in turn', async () => {
    const text = 'FROM x AS a\nFROM x AS unused\nFROM a AS b\nFROM scratch\nCOPY --from=b /f /f\n';
    const graph = await graphOf(text);
    assert.deepEqual(
      graph.stages.map(({ index }) => index),
      [0, 2, 3],
    );
  });

  it('prefers a stage to a named context of the same name', async () => {
    const { froms } = await fromsOf('FROM x AS a\nFROM y\nCOPY --from=a /f /f\n', { contexts: { a: './a' } });
    assert.deepEqual(froms, { a: { kind: 'stage', index: 0 } });
  });

  it('of the stage itself or of one below is refused where it stands', async () => {
    await assert.rejects(
      graphOf('FROM x AS a\nCOPY --from=a /f /f\n'),
      failure('E_STAGE_ORDER', '2:13', /cannot copy from itself/),
    );
    await assert.rejects(
      graphOf('FROM x AS a\nCOPY --from=b /f /f\nFROM a AS b\n'),
      failure('E_STAGE_ORDER', '2:13', /move the other stage above/),
    );
    await assert.rejects(graphOf('FROM x\nRUN true\nCOPY --from=0 /f /f\n'), failure('E_STAGE_ORDER', '3:13'));
    await assert.rejects(graphOf('FROM x\nCOPY --from=7 /f /f\n'), failure('E_STAGE_UNKNOWN', '2:13'));
    await assert.rejects(graphOf('FROM x\nCOPY --from=-1 /f /f\n'), failure('E_STAGE_UNKNOWN', '2:13'));
  });

  it('that is no stage and no image there is: the stage that may be meant is in the hint', async () => {
    const planning = { missing: ['biuld', 'debian'] };
    const meant = failure('E_MANIFEST_UNKNOWN', '3:18', /^did you mean the stage "build"\? If not: check the name$/);
    await assert.rejects(
      planOf('FROM x AS build\nFROM biuld\n', planning),
      failure('E_MANIFEST_UNKNOWN', '2:6', /"build"/),
    );
    await assert.rejects(
      planOf('FROM x AS a\nCOPY --from=debian /f /f\n', planning),
      failure('E_MANIFEST_UNKNOWN', '2:13', /^check/),
    );
    const copies = 'FROM x AS build\nFROM y\nCOPY --from=biuld /f /f\nFROM z AS built\n';
    await assert.rejects(
      planOf(copies, { ...planning, target: '1' }),
      failure('E_MANIFEST_UNKNOWN', '3:13', /"build"/),
    );
    await assert.rejects(planOf('FROM x AS build\nFROM y\nRUN --mount=from=biuld,target=/m ls\n', planning), meant);
  });

  it('of a stage that nobody needs is not looked at', async () => {
    const graph = await graphOf('FROM x AS bad\nCOPY --from=9 /f /f\nFROM y\n');
    assert.deepEqual(
      graph.stages.map(({ index }) => index),
      [1],
    );
  });
});

describe('--platform', () => {
  it('of a stage on nothing is that of the build, as in BuildKit', async () => {
    const { stages } = await graphOf(
      'FROM --platform=linux/arm64 x AS a\nFROM --platform=linux/arm64 scratch\nCOPY --from=a / /\n',
    );
    assert.deepEqual(
      stages.map(({ platform }) => platform.architecture),
      ['arm64', 'amd64'],
    );
  });
});

describe('ONBUILD', () => {
  const withTriggers = { images: { base: imageOf(['x'], { OnBuild: ['COPY --from=tools /t /t', 'RUN make'] }) } };

  it('triggers of an image come before the stage itself and bring in what they read from', async () => {
    const graph = await graphOf('FROM x AS tools\nFROM base\nRUN own\n', withTriggers);
    const stage = graph.stages.at(-1);
    assert.deepEqual(
      stage?.instructions.map(({ original }) => original),
      ['COPY --from=tools /t /t', 'RUN make', 'RUN own'],
    );
    assert.equal(stage?.triggers, 2);
    assert.deepEqual(stage?.needs, [0]);
  });

  it('triggers of a stage fire in the stage on it, and not again in the next', async () => {
    const graph = await graphOf('FROM base AS a\nONBUILD RUN two\nFROM a AS b\nFROM b\n', {
      images: { base: imageOf(['x'], { OnBuild: ['RUN one'] }) },
    });
    assert.deepEqual(
      graph.stages.map(({ instructions, triggers }) => [
        triggers,
        ...instructions.slice(0, triggers).map(({ original }) => original),
      ]),
      [[1, 'RUN one'], [1, 'RUN two'], [0]],
    );
  });

  it('triggers that cannot be read are errors of the FROM that brought them', async () => {
    for (const trigger of ['NONSENSE x', 'FROM y', 'ONBUILD RUN x', 'RUN a\nRUN b'])
      await assert.rejects(
        graphOf('FROM x AS a\nFROM base\n', { images: { base: imageOf(['x'], { OnBuild: [trigger] }) } }),
        failure('E_TRIGGER_INVALID', '2:1', /mended where the base is built/),
        trigger,
      );
  });
});
