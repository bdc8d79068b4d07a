import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { failure, keyOfLast, lastSteps, planOf } from './planning-support.js';

const dir = mkdtempSync(join(tmpdir(), 'varve-mount-keys-'));
after(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'in/sub'), { recursive: true });
  writeFileSync(join(dir, 'in/a'), 'a');
  writeFileSync(join(dir, 'in/sub/b'), 'b');
  writeFileSync(join(dir, 'out'), 'o');
});

const other = 'FROM base AS other\nRUN make it\n';
const keyOf = (mount: string, before = ''): Promise<string> =>
  keyOfLast('RUN', `${other}FROM base\n${before}RUN ${mount} use\n`, { dir });

describe('the key of a RUN with mounts', () => {
  it('has every option that changes what the step sees', async () => {
    const mounts = [
      '',
      '--mount=source=in,target=/m',
      '--mount=source=in,target=/n',
      '--mount=source=in,target=/m,rw',
      '--mount=source=in/sub,target=/m',
      '--mount=from=other,target=/m',
      '--mount=from=other,source=/x,target=/m',
      '--mount=from=image,target=/m',
      '--mount=type=tmpfs,target=/m',
      '--mount=type=tmpfs,target=/m,size=1m',
      '--mount=type=cache,target=/m',
      '--mount=type=cache,target=/m,ro',
      '--mount=type=cache,target=/m,uid=5',
      '--mount=type=cache,target=/m,from=other',
      '--mount=type=secret,id=s',
      '--mount=type=secret,id=s,target=/m',
      '--mount=type=secret,id=s,env=S',
      '--mount=type=secret,id=s,env=T',
      '--mount=type=secret,id=s,required',
      '--mount=type=secret,id=s,mode=0444',
      '--mount=type=ssh',
      '--mount=type=ssh,id=x',
      '--mount=type=ssh,target=/m',
      '--mount=type=secret,id=s --mount=type=ssh',
    ];
    const keys = await Promise.all(mounts.map(mount => keyOf(mount)));
    assert.equal(new Set(keys).size, mounts.length);
  });

  it('knows neither the name of a cache nor how it is shared', async () => {
    const plain = await keyOf('--mount=type=cache,target=/m');
    assert.equal(await keyOf('--mount=type=cache,target=/m,id=other,sharing=locked'), plain);
  });

  it('resolves targets, so that two ways to say one thing are one key', async () => {
    const absolute = await keyOf('--mount=source=in,target=/w/m', 'WORKDIR /w\n');
    assert.equal(await keyOf('--mount=source=./in,target=m', 'WORKDIR /w\n'), absolute);
    assert.equal(
      await keyOf('--mount=type=tmpfs,target=/a --mount=type=ssh'),
      await keyOf('--mount=type=ssh --mount=type=tmpfs,target=/a'),
    );
  });

  const changes: readonly (readonly [string, () => void])[] = [
    ['content', () => writeFileSync(join(dir, 'in/sub/b'), 'B')],
    ['a mode', () => chmodSync(join(dir, 'in/a'), 0o755)],
    ['a name', () => writeFileSync(join(dir, 'in/new'), '')],
    ['a link', () => symlinkSync('a', join(dir, 'in/link'))],
  ];
  for (const [what, change] of changes)
    it(`is moved by ${what} of what is bound, and of nothing else`, async () => {
      const [bound, sibling] = [
        await keyOf('--mount=source=in,target=/m'),
        await keyOf('--mount=source=out,target=/m'),
      ];
      change();
      assert.notEqual(await keyOf('--mount=source=in,target=/m'), bound);
      assert.equal(await keyOf('--mount=source=out,target=/m'), sibling);
    });

  it('is moved by the stage that is bound', async () => {
    const text = (line: string): string => `FROM base AS o\n${line}\nFROM base\nRUN --mount=from=o,target=/m use\n`;
    assert.notEqual(await keyOfLast('RUN', text('RUN a')), await keyOfLast('RUN', text('RUN b')));
  });

  it('reads names as they are, without wildcards', async () => {
    writeFileSync(join(dir, 'in/[x]'), 'x');
    const key = await keyOf('--mount=source=in/[x],target=/m');
    writeFileSync(join(dir, 'in/[x]'), 'y');
    assert.notEqual(await keyOf('--mount=source=in/[x],target=/m'), key);
    await assert.rejects(keyOf('--mount=source=in/*,target=/m'), failure('E_COPY_SOURCE_MISSING', '4:1'));
  });

  it('refuses the root as a target, where it stands', async () => {
    await assert.rejects(keyOf('--mount=type=tmpfs,target=/'), failure('E_VALUE_INVALID', '4:5'));
    await assert.rejects(keyOf('--mount=type=tmpfs,target=..', 'WORKDIR /w\n'), failure('E_VALUE_INVALID', '5:5'));
  });
});

describe('the key of COPY --link', () => {
  const linked = async (below: string, line = 'COPY --link in /x'): Promise<readonly (string | undefined)[]> =>
    lastSteps(await planOf(`FROM base\n${below}\n${line}\nRUN after\n`, { dir }))
      .slice(-2)
      .map(({ key }) => key);

  it('does not know what is below; what comes after does', async () => {
    const [[a, afterA], [b, afterB]] = [await linked('RUN one'), await linked('RUN two')];
    assert.equal(a, b);
    assert.notEqual(afterA, afterB);
  });

  for (const [line, why] of [
    ['COPY in /x', 'without --link'],
    ['COPY --link --chmod=755 in /x', 'with --chmod, which BuildKit does not link'],
    ['COPY --link --chown=www in /x', 'with an owner by name'],
  ] as const)
    it(`knows what is below ${why}`, async () => {
      assert.notEqual((await linked('RUN one', line))[0], (await linked('RUN two', line))[0]);
    });
});

describe('the key of COPY --parents', () => {
  it('is moved by what is taken and by what is passed on the way, and by nothing else', async () => {
    const keyNow = (line: string): Promise<string> => keyOfLast('COPY', `FROM base\n${line}\n`, { dir });
    const line = 'COPY --parents in/**/b /x';
    const first = await keyNow(line);
    writeFileSync(join(dir, 'in/a'), 'other');
    assert.equal(await keyNow(line), first);
    chmodSync(join(dir, 'in/sub'), 0o700);
    const second = await keyNow(line);
    assert.notEqual(second, first);
    writeFileSync(join(dir, 'in/sub/b'), 'other');
    assert.notEqual(await keyNow(line), second);
    const lines = [line, 'COPY --parents in/sub /x', 'COPY --parents in/./sub /x'];
    assert.equal(new Set(await Promise.all(lines.map(keyNow))).size, lines.length);
    // Two ways to take one file, the folders above it passed on the way.
    assert.equal(await keyNow('COPY --parents in/sub/** /x'), await keyNow(line));
  });
});
