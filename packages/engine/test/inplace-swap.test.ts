import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { pinsOf } from '../src/inplace/pins.js';
import { type SharedFolder, Swap } from '../src/inplace/swap.js';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'varve-swap-'));
});
afterEach(() => {
  spawnSync('umount', ['--lazy', join(base, 'live')], { stdio: 'ignore' });
  rmSync(base, { recursive: true, force: true });
});

type Tree = { readonly [name: string]: string | Tree };

/** Text is a file, `-> x` a link. Times are old, and modes told by names. */
function write(dir: string, tree: Tree): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, what] of Object.entries(tree)) {
    const path = join(dir, name);
    if (typeof what !== 'string') write(path, what);
    else if (what.startsWith('-> ')) symlinkSync(what.slice(3), path);
    else writeFileSync(path, what);
  }
  chmodSync(dir, 0o700 + (Object.keys(tree).length & 7));
  utimesSync(dir, 1e9, 1e9 + Object.keys(tree).length);
}

/** All that must not change. */
function read(dir: string): readonly string[] {
  return [...names(dir), '.'].sort().map(name => {
    const path = join(dir, name);
    const { mode, mtimeNs } = lstatSync(path, { bigint: true });
    const stats = lstatSync(path);
    const content = stats.isFile() ? readFileSync(path) : stats.isSymbolicLink() ? readlinkSync(path) : '';
    return `${name} ${mode.toString(8)} ${stats.isSymbolicLink() ? '' : mtimeNs} ${content}`;
  });
}

/** Names below a folder; Node's own recursion follows links. */
function names(dir: string, prefix = ''): readonly string[] {
  return readdirSync(join(dir, prefix), { withFileTypes: true }).flatMap(item => {
    const name = join(prefix, item.name);
    return item.isDirectory() ? [name, ...names(dir, name)] : [name];
  });
}

const at = (...names: readonly string[]): string => join(base, ...names);

function open(kept: readonly string[] = [], shared?: readonly SharedFolder[]): Swap {
  for (const name of ['parked', 'trash']) mkdirSync(at(name), { recursive: true });
  const places = { live: at('live'), stage: at('stage'), parked: at('parked'), trash: at('trash') };
  const points = kept.map(path => at('live', path));
  return new Swap(places, pinsOf(at('live'), points), shared);
}

const own = {
  etc: { hosts: 'mounted', passwd: 'own' },
  usr: { bin: { sh: 'own' } },
  kaniko: { node: 'varve' },
  odd: '-> x',
};
const stage = { etc: { passwd: 'stage', shadow: 's' }, usr: { bin: { sh: 'stage' } }, opt: {}, kaniko: 'a file' };

describe('a root that is swapped with a folder', () => {
  it('shows the one and parks the other, and comes back as it was', () => {
    write(at('live'), own);
    write(at('stage'), stage);
    const before = [read(at('live')), read(at('stage'))];
    const swap = open(['kaniko', 'etc/hosts']);
    swap.park(() => undefined);
    swap.show();
    assert.deepEqual(readdirSync(at('live')).sort(), ['etc', 'kaniko', 'opt', 'usr']);
    assert.deepEqual(readdirSync(at('live/etc')).sort(), ['hosts', 'passwd', 'shadow']);
    assert.equal(readFileSync(at('live/etc/passwd'), 'utf8'), 'stage');
    assert.equal(readFileSync(at('live/kaniko/node'), 'utf8'), 'varve');
    assert.equal(lstatSync(at('live/etc')).mode, lstatSync(at('stage/etc')).mode);
    swap.hide();
    swap.restore();
    assert.deepEqual([read(at('live')), read(at('stage'))], before);
    assert.deepEqual(readdirSync(at('trash')), []);
  });

  it('what a step changed is in the stage, also in folders that stay', () => {
    write(at('live'), own);
    write(at('stage'), stage);
    const before = read(at('live'));
    const swap = open(['kaniko', 'etc/hosts', 'var/lib/volume']);
    mkdirSync(at('live/var/lib/volume'), { recursive: true });
    const withVolume = read(at('live'));
    assert.notDeepEqual(before, withVolume);
    swap.park(() => undefined);
    swap.show();
    rmSync(at('live/usr'), { recursive: true });
    write(at('live/new'), { file: 'x' });
    writeFileSync(at('live/etc/group'), 'g');
    writeFileSync(at('live/var/lib/made'), 'm');
    chmodSync(at('live/etc'), 0o711);
    swap.hide();
    swap.restore();
    assert.deepEqual(read(at('live')), withVolume);
    assert.deepEqual(readdirSync(at('stage')).sort(), ['etc', 'kaniko', 'new', 'opt', 'var']);
    assert.deepEqual(readdirSync(at('stage/etc')).sort(), ['group', 'passwd', 'shadow']);
    assert.equal(lstatSync(at('stage/etc')).mode & 0o777, 0o711);
    assert.deepEqual(readdirSync(at('stage/var/lib')), ['made']);
  });

  it('a link of the stage where a folder stays is not seen, and what is written there goes', () => {
    write(at('live'), { var: { run: { volume: {} } } });
    write(at('stage'), { var: { run: '-> ../run' }, run: {} });
    const before = [read(at('live')), read(at('stage'))];
    const swap = open(['var/run/volume']);
    swap.park(() => undefined);
    swap.show();
    writeFileSync(at('live/var/run/pid'), '1');
    swap.hide();
    swap.restore();
    assert.deepEqual([read(at('live')), read(at('stage'))], before);
    assert.equal(readdirSync(at('trash')).length, 1);
  });

  it('secrets of a cluster are parked with the folders around them', () => {
    write(at('live'), { var: { run: { secrets: { token: 't' } } } });
    write(at('stage'), { var: { run: '-> ../run' }, run: {} });
    const swap = open(['../var/run/secrets']);
    const pins = pinsOf(at('live'), [at('live/var/run/secrets')]);
    assert.equal(pins.holds('/var'), 'perhaps');
    assert.equal(pinsOf('', ['/var/run/secrets', '/var/lib/x']).holds('/var'), 'always');
    assert.ok(swap);
  });

  const skip = process.geteuid?.() === 0 ? false : 'needs root';
  it('folders of lower layers of an overlay, which cannot be renamed, are moved all the same', { skip }, () => {
    write(at('lower'), own);
    for (const name of ['upper', 'work', 'live']) mkdirSync(at(name));
    const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
    assert.equal(spawnSync('mount', ['-t', 'overlay', 'o', '-o', options, at('live')]).status, 0);
    // On the one file system.
    const [home, before] = [at('live/kaniko'), read(at('live'))];
    write(join(home, 'stage'), stage);
    for (const name of ['parked', 'trash']) mkdirSync(join(home, name));
    const places = {
      live: at('live'),
      stage: join(home, 'stage'),
      parked: join(home, 'parked'),
      trash: join(home, 'trash'),
    };
    const stageBefore = read(places.stage);
    for (const round of [1, 2]) {
      const swap = new Swap(places, pinsOf(at('live'), [home, at('live/etc/hosts')]));
      swap.park(() => undefined);
      swap.show();
      assert.equal(readFileSync(at('live/usr/bin/sh'), 'utf8'), 'stage', String(round));
      swap.hide();
      swap.restore();
      assert.deepEqual(read(places.stage), stageBefore);
    }
    for (const name of ['stage', 'parked', 'trash']) rmSync(join(home, name), { recursive: true });
    const kaniko = (lines: readonly string[]) => lines.filter(line => !line.startsWith('kaniko '));
    assert.deepEqual(kaniko(read(at('live'))), kaniko(before));
  });

  it('whatever the two hold, both come back', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'keep');
    const leaf = fc.constantFrom('text', '-> a', '-> ../b');
    const above = (below: fc.Arbitrary<Tree | string>): fc.Arbitrary<Tree> =>
      fc.dictionary(name, below, { maxKeys: 4 });
    const tree = above(fc.oneof(leaf, above(fc.oneof(leaf, above(leaf)))));
    const pinned = fc.subarray(['a/keep', 'b/a/keep', 'keep', 'c', 'a/b/c/keep']);
    fc.assert(
      fc.property(tree, tree, pinned, (live, inStage, kept) => {
        for (const dir of ['live', 'stage', 'parked', 'trash']) rmSync(at(dir), { recursive: true, force: true });
        write(at('live'), live);
        write(at('stage'), inStage);
        const there = kept.filter(path => isReal(at('live'), path));
        const before = [read(at('live')), read(at('stage'))];
        const swap = open(there);
        let shared: readonly SharedFolder[] = [];
        swap.park(now => {
          shared = now;
        });
        swap.show();
        // Somebody else ends it.
        const other = open(there, shared);
        other.hide();
        other.restore();
        assert.deepEqual([read(at('live')), read(at('stage'))], before);
        assert.deepEqual(readdirSync(at('trash')), []);
      }),
      { numRuns: Number(process.env.VARVE_PROPERTY_RUNS ?? 100) },
    );
  });
});

/** Whether a path exists without links on the way: a mount point has none. */
function isReal(dir: string, path: string): boolean {
  const parts = path.split('/');
  return parts.every((_, index) => {
    const stats = lstatSync(join(dir, ...parts.slice(0, index + 1)), { throwIfNoEntry: false });
    return stats !== undefined && (stats.isDirectory() || (index === parts.length - 1 && stats.isFile()));
  });
}
