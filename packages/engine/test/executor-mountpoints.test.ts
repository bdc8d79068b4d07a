import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { prepareMountpoints } from '../src/executor/mountpoints.js';
import { followInRoot } from '../src/executor/path-in-root.js';
import type { StepMount } from '../src/model/process.js';
import { setTimes } from '../src/sys/times.js';

const oddTime = 1_234_567_890_123_456_789n;
let base = '';
let root = '';
let file = '';

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'varve-mountpoints-'));
  root = join(base, 'root');
  file = join(base, 'file');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(file, 'outside');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const bindFile = (target: string): StepMount => ({ kind: 'bind', source: file, target, readOnly: true });
const tmpfs = (target: string): StepMount => ({ kind: 'tmpfs', target });
const mtimeOf = (path: string) => statSync(join(root, path), { bigint: true }).mtimeNs;

describe('prepareMountpoints', () => {
  it('makes what is missing, names it, and takes it away; times stay to the nanosecond', () => {
    setTimes(join(root, 'etc'), oddTime);
    setTimes(root, oddTime);
    const points = prepareMountpoints(root, [bindFile('/etc/hosts'), tmpfs('/a/b/c')]);
    assert.deepEqual(points.made, ['proc', 'sys', 'dev', 'etc/hosts', 'a', 'a/b', 'a/b/c']);
    assert.ok(statSync(join(root, 'etc/hosts')).isFile());
    assert.equal(statSync(join(root, 'a/b')).mode & 0o7777, 0o755);
    for (const path of ['', 'etc']) assert.equal(mtimeOf(path), oddTime);
    assert.deepEqual(points.remove(), []);
    assert.deepEqual(readdirSync(root), ['etc']);
    for (const path of ['', 'etc']) assert.equal(mtimeOf(path), oddTime);
  });

  it('leaves what was there', () => {
    writeFileSync(join(root, 'etc/hosts'), 'own');
    mkdirSync(join(root, 'proc'));
    const points = prepareMountpoints(root, [bindFile('/etc/hosts')]);
    assert.deepEqual(points.made, ['sys', 'dev']);
    points.remove();
    assert.deepEqual(readdirSync(root).sort(), ['etc', 'proc']);
    assert.equal(statSync(join(root, 'etc/hosts')).size, 3);
  });

  it('keeps what the step put there, and its times', () => {
    const points = prepareMountpoints(root, [tmpfs('/a/b'), bindFile('/x/y')]);
    writeFileSync(join(root, 'a/own'), '');
    rmSync(join(root, 'x/y'));
    writeFileSync(join(root, 'x/y'), 'own');
    utimesSync(join(root, 'a'), 5, 5);
    assert.deepEqual(points.remove(), ['a', 'x', 'x/y']);
    assert.deepEqual(readdirSync(join(root, 'a')), ['own']);
    assert.equal(mtimeOf('a'), 5_000_000_000n);
  });

  it('follows links inside the root only', () => {
    symlinkSync('/', join(root, 'up'));
    symlinkSync('../../../../../..', join(root, 'etc/far'));
    symlinkSync(base, join(root, 'host'));
    const mounts = [tmpfs('/up/one'), tmpfs('/etc/far/two'), tmpfs('/host/three'), tmpfs('/../../four')];
    const points = prepareMountpoints(root, mounts);
    const inside = base.slice(1);
    for (const path of ['one', 'two', 'four', `${inside}/three`]) assert.ok(points.made.includes(path), path);
    assert.deepEqual(readdirSync(base).sort(), ['file', 'root']);
    assert.deepEqual(points.remove(), []);
  });

  it('removes nothing through a link that the step put in the way', () => {
    const victim = join(base, 'victim');
    mkdirSync(join(victim, 'b'), { recursive: true });
    writeFileSync(join(victim, 'empty'), '');
    const points = prepareMountpoints(root, [tmpfs('/a/b'), bindFile('/c/empty')]);
    for (const name of ['a', 'c']) {
      renameSync(join(root, name), join(root, `${name}-away`));
      symlinkSync(victim, join(root, name));
    }
    points.remove();
    assert.deepEqual(readdirSync(victim).sort(), ['b', 'empty']);
  });

  it('leaves targets inside other mounts alone', () => {
    const mounts = [tmpfs('/a'), tmpfs('/a/b/c'), bindFile('/dev/thing')];
    assert.deepEqual(prepareMountpoints(root, mounts).made, ['proc', 'sys', 'dev', 'a']);
  });

  const wrong: readonly (readonly [string, () => readonly StepMount[]])[] = [
    [
      'a linked /proc',
      () => {
        symlinkSync('/etc', join(root, 'proc'));
        return [];
      },
    ],
    [
      'a file where a folder is needed',
      () => {
        writeFileSync(join(root, 'f'), '');
        return [tmpfs('/f')];
      },
    ],
    [
      'a file in the way',
      () => {
        writeFileSync(join(root, 'f'), '');
        return [tmpfs('/f/g')];
      },
    ],
    ['a folder where a file is needed', () => [bindFile('/etc')]],
    ['the root itself', () => [tmpfs('/')]],
  ];
  for (const [name, mounts] of wrong) {
    it(`refuses ${name}, and nothing stays`, () => {
      const list = mounts();
      const before = readdirSync(root).sort();
      assert.throws(() => prepareMountpoints(root, [tmpfs('/first'), ...list]), { code: 'E_MOUNTPOINT' });
      assert.deepEqual(readdirSync(root).sort(), before);
    });
  }
});

describe('followInRoot', () => {
  it('refuses a loop of links', () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));
    assert.throws(() => followInRoot(root, '/a/x'), { code: 'E_LINK_LOOP' });
  });
  it('takes `..` in what is missing back by name, and further up for real', () => {
    mkdirSync(join(root, 'd'));
    const found = followInRoot(root, '/d/none/../../etc/new');
    assert.deepEqual([found.existing, found.missing], [['etc'], ['new']]);
  });
  it('never leaves the root', () => {
    assert.deepEqual(followInRoot(root, '../../..').existing, []);
    assert.ok(existsSync(root));
  });
});
