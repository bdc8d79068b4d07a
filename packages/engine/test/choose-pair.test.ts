import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doctorReport, judgeRoots } from '../src/choose/doctor.js';
import { judge } from '../src/choose/judge.js';
import { choosePair } from '../src/choose/pair.js';
import type { Verdict } from '../src/model/doctor.js';
import { type AnyProvider, type Host, type Provider, provide } from '../src/plugin/index.js';

const yes: Verdict = { usable: true };
const no = (reason: string, hint?: string): Verdict => ({
  usable: false,
  reason,
  ...(hint === undefined ? {} : { hint }),
});
const host: Host = {
  has: async feature => (feature === 'process.root' ? no('not root', 'be root') : yes),
};
const create = async () => assert.fail('choosing creates nothing');

function snapshotter(id: string, rank: number, more: Partial<Provider<'snapshotter'>> = {}): Provider<'snapshotter'> {
  const traits = { root: 'directory', fidelity: 'exact' } as const;
  return provide({ slot: 'snapshotter', id, summary: id, rank, traits, create, ...more });
}
function executor(id: string, rank: number, more: Partial<Provider<'executor'>> = {}): Provider<'executor'> {
  const traits = { enters: ['directory', 'overlay'], isolation: 'full' } as const;
  return provide({ slot: 'executor', id, summary: id, rank, traits, create, ...more });
}

const full = snapshotter('full', 10);
const mtime = snapshotter('mtime', 20);
const overlay = snapshotter('overlay', 30, { traits: { root: 'overlay', fidelity: 'exact' } });
const guess = snapshotter('guess', 99, { traits: { root: 'directory', fidelity: 'heuristic' } });
const oci = executor('oci', 200);
const built = executor('built', 100);
const chroot = executor('chroot', 900, { traits: { enters: ['directory'], isolation: 'partial' } });
const shy = executor('shy', 999, { traits: { enters: ['directory'], isolation: 'full', onlyWhenNamed: true } });
const none = executor('none', 999, { traits: { enters: ['directory'], isolation: 'none' } });
const broken = { probe: async () => no('it is broken', 'mend it') };

async function chosen(providers: readonly AnyProvider[], named = {}): Promise<string> {
  const pair = await choosePair(providers, host, named);
  return `${pair.snapshotter.id}+${pair.executor.id}`;
}

describe('choosePair', () => {
  const all = [full, mtime, overlay, guess, chroot, oci, built, shy, none];

  it('takes isolation first, then rank', async () => {
    assert.equal(await chosen(all), 'overlay+oci');
    assert.equal(await chosen([full, mtime, built, chroot]), 'mtime+built');
    assert.equal(await chosen([full, chroot]), 'full+chroot');
  });

  it('goes on to the next where one cannot be used, and says why', async () => {
    const pair = await choosePair([full, { ...overlay, ...broken }, { ...oci, ...broken }, built], host);
    assert.equal(`${pair.snapshotter.id}+${pair.executor.id}`, 'full+built');
    assert.deepEqual(pair.refusals, [
      { snapshotter: 'overlay', executor: 'oci', reason: 'executor oci: it is broken', hint: 'mend it' },
      { snapshotter: 'overlay', executor: 'built', reason: 'snapshotter overlay: it is broken', hint: 'mend it' },
      { snapshotter: 'full', executor: 'oci', reason: 'executor oci: it is broken', hint: 'mend it' },
    ]);
  });

  it('never takes by itself what is heuristic, shy or does not isolate', async () => {
    for (const providers of [
      [guess, oci],
      [full, shy],
      [full, none],
    ]) {
      await assert.rejects(chosen(providers), { code: 'E_NO_PROVIDER' });
    }
  });

  it('takes what is named', async () => {
    assert.equal(await chosen(all, { snapshotter: 'guess' }), 'guess+oci');
    assert.equal(await chosen(all, { executor: 'none' }), 'mtime+none');
    assert.equal(await chosen(all, { executor: 'shy', snapshotter: 'full' }), 'full+shy');
    assert.equal(await chosen(all, { executor: 'chroot' }), 'mtime+chroot');
  });

  it('never falls back from what is named', async () => {
    const providers = [full, mtime, { ...oci, ...broken }, built];
    await assert.rejects(chosen(providers, { executor: 'oci' }), {
      code: 'E_PROVIDER_UNUSABLE',
      message: /it is broken/,
      hint: 'mend it',
    });
    await assert.rejects(chosen(all, { executor: 'chroot', snapshotter: 'overlay' }), { code: 'E_PROVIDER_UNUSABLE' });
  });

  it('suggests a name', async () => {
    await assert.rejects(chosen(all, { executor: 'bulit' }), { code: 'E_NO_PROVIDER', hint: 'did you mean built?' });
    await assert.rejects(chosen(all, { snapshotter: 'zzzzzz' }), { hint: 'known: full, mtime, overlay, guess' });
  });

  it('says all reasons where nothing can be used', async () => {
    const providers = [{ ...full, ...broken }, oci, { ...built, needs: ['process.root'] as const }];
    await assert.rejects(choosePair(providers, host), {
      code: 'E_NO_PROVIDER',
      message: /snapshotter full: it is broken; executor built: not root/,
    });
    await assert.rejects(choosePair([], host), { code: 'E_NO_PROVIDER' });
  });

  it('asks each provider once', async () => {
    let asked = 0;
    const counting = {
      ...oci,
      probe: async () => {
        asked++;
        return no('no');
      },
    };
    assert.equal(await chosen([full, mtime, overlay, counting, built]), 'overlay+built');
    assert.equal(asked, 1);
  });
});

describe('judge', () => {
  it('stops at the first need that is not met, before the probe', async () => {
    const probe = async () => assert.fail('not reached');
    const verdict = await judge({ ...oci, needs: ['mount.bind', 'process.root', 'namespace.user'], probe }, host);
    assert.deepEqual(verdict, no('not root', 'be root'));
  });
  it('keeps notes', async () => {
    const noting: Host = { has: async feature => ({ usable: true, notes: [feature] }) };
    const probe = async (): Promise<Verdict> => ({ usable: true, notes: ['own'] });
    const verdict = await judge({ ...oci, needs: ['mount.bind'], probe }, noting);
    assert.deepEqual(verdict, { usable: true, notes: ['mount.bind', 'own'] });
  });
  it('takes a probe that throws for a refusal', async () => {
    const probe = async () => {
      throw new Error('oh');
    };
    assert.deepEqual(await judge({ ...oci, probe }, host), no('its probe failed: oh'));
  });
});

describe('doctorReport', () => {
  const plugin = (provides: readonly AnyProvider[]) => ({ name: 'p', version: '1.0.0', contract: '^1.0.0', provides });
  it('lists everybody, and what would be chosen', async () => {
    const providers = [full, { ...oci, ...broken }, built];
    const roots = await judgeRoots(providers, host);
    const report = await doctorReport({
      plugins: [plugin(providers)],
      host,
      store: '/nowhere/at/all',
      ladder: [],
      roots,
    });
    assert.deepEqual(report.chosen, { snapshotter: 'full', executor: 'built' });
    assert.deepEqual(
      report.providers.map(({ slot, id, plugin, verdict }) => [slot, id, plugin, verdict.usable]),
      [
        ['snapshotter', 'full', 'p', true],
        ['executor', 'oci', 'p', false],
        ['executor', 'built', 'p', true],
      ],
    );
    assert.equal(report.refusals.length, 1);
    assert.notEqual(report.system.storeFileSystem, 'unknown');
  });
  it('believes what was judged elsewhere', async () => {
    const roots = { verdicts: [{ slot: 'executor', id: 'built', verdict: no('not there') }], refusals: [] };
    const report = await doctorReport({ plugins: [plugin([built])], host, store: '/', ladder: [], roots });
    assert.deepEqual(report.providers[0]?.verdict, no('not there'));
  });
  it('says why nothing is chosen', async () => {
    const roots = await judgeRoots([full, { ...built, ...broken }], host, { executor: 'built' });
    assert.equal(roots.chosen, undefined);
    assert.match(roots.refusals[0]?.reason ?? '', /it is broken/);
    assert.equal(roots.refusals[0]?.hint, 'mend it');
  });
});
