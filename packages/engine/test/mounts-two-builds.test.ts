import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheMountName } from '../src/key/cache-mount.js';
import type { BuildEvent } from '../src/model/event.js';
import { holdCacheMount } from '../src/store/cache-mounts.js';
import { openStore } from '../src/store/store.js';
import { base, StepWorkshop, whyNoSteps } from './run-support.js';

const program = fileURLToPath(new URL('./building-process.js', import.meta.url));
const patience = 150_000;

/** Waits until something is so; fails with what it was. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + patience; !isSo(); await sleep(20))
    assert.ok(performance.now() < end, `${what} did not happen`);
}

/** A build in a process of its own. */
class OtherBuild {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly #events: BuildEvent[] = [];

  constructor(shop: StepWorkshop, name: string, mount: string, script: string) {
    this.name = name;
    const signals = '--mount=type=cache,id=signals,target=/s';
    shop.write({ [`${name}.Dockerfile`]: `${base}FROM base\nRUN ${signals} ${mount} ${script}\n` });
    const env = { PATH: process.env.PATH, HOME: shop.dir };
    const own = { context: 'context', cwd: shop.dir, store: shop.store, file: `${name}.Dockerfile`, env };
    shop.write({ [`${name}.json`]: JSON.stringify({ ...shop.stepOptions, caches: [], ...own }) });
    this.child = spawn(process.execPath, [program, shop.path(`${name}.json`)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.ended = once(this.child, 'exit');
    after(() => this.child.kill('SIGKILL'));
    const stdout = this.child.stdout as NonNullable<ChildProcess['stdout']>;
    createInterface(stdout).on('line', line => this.#events.push(JSON.parse(line) as BuildEvent));
  }

  /** Whether its last step was begun: handed to the host, which may have to wait for a lock. */
  get isAtLastStep(): boolean {
    return this.#events.some(event => event.type === 'stepStarted' && event.label.includes('/s '));
  }

  get printed(): string {
    return this.#events.flatMap(event => (event.type === 'stepOutput' ? event.text : [])).join('');
  }

  async succeed(): Promise<string> {
    await this.ended;
    assert.equal(this.child.exitCode, 0, this.name);
    return this.printed;
  }
}

/** A workshop, and the cache by which steps and the test tell each other how far they are. */
async function signalling(): Promise<{
  shop: StepWorkshop;
  has: (name: string) => boolean;
  give: (name: string) => void;
}> {
  const shop = new StepWorkshop();
  const owner = { mode: 0o755, uid: 0, gid: 0 };
  const held = await holdCacheMount(
    openStore(shop.store),
    { id: 'signals', name: cacheMountName('signals', owner), sharing: 'shared', initial: { owner } },
    AbortSignal.timeout(patience),
  );
  after(() => held.release());
  const at = (name: string): string => join(held.dir, name);
  return { shop, has: name => existsSync(at(name)), give: name => writeFileSync(at(name), '') };
}

const cache = (sharing: string): string => `--mount=type=cache,id=k,target=/c,sharing=${sharing}`;
/** Says that it is there, waits for leave, and then goes on. */
const waiting = (name: string, then: string): string =>
  `touch /s/${name}-in; while ! test -e /s/${name}-go; do sleep 0.05; done; ${then}`;

describe('a cache mount of two builds at once', { skip: whyNoSteps(), concurrency: 2 }, () => {
  it('shared: each sees what the other writes, while both run', async () => {
    const { shop, has, give } = await signalling();
    const builds = ['a', 'b'].map(
      name => new OtherBuild(shop, name, cache('shared'), `echo ${name} > /c/${name}; ${waiting(name, 'ls /c')}`),
    );
    await until('both are in', () => has('a-in') && has('b-in'));
    for (const name of ['a', 'b']) give(`${name}-go`);
    assert.deepEqual(await Promise.all(builds.map(build => build.succeed())), ['a\nb\n', 'a\nb\n']);
  });

  it('private: each has a folder of its own, and later builds find one of them', async () => {
    const { shop, has, give } = await signalling();
    const builds = ['a', 'b'].map(
      name => new OtherBuild(shop, name, cache('private'), waiting(name, `ls /c; echo ${name} > /c/${name}`)),
    );
    await until('both are in', () => has('a-in') && has('b-in'));
    for (const name of ['a', 'b']) give(`${name}-go`);
    assert.deepEqual(await Promise.all(builds.map(build => build.succeed())), ['', '']);
    assert.match(await new OtherBuild(shop, 'c', cache('private'), 'ls /c').succeed(), /^[ab]\n$/);
  });

  it('locked: the second waits until the first is done', async () => {
    const { shop, has, give } = await signalling();
    const first = new OtherBuild(shop, 'a', cache('locked'), waiting('a', 'echo a >> /c/log'));
    await until('the first is in', () => has('a-in'));
    const second = new OtherBuild(shop, 'b', cache('locked'), 'touch /s/b-in; cat /c/log');
    await until('the second is at its step', () => second.isAtLastStep);
    await sleep(500);
    assert.ok(!has('b-in'), 'the second came in');
    give('a-go');
    await first.succeed();
    assert.equal(await second.succeed(), 'a\n');
  });

  it('a build that is killed leaves no lock, no step and no mount behind', async () => {
    const { shop, has } = await signalling();
    const first = new OtherBuild(
      shop,
      'a',
      cache('locked'),
      `echo a > /c/log; ${waiting('a', 'echo never >> /c/log')}`,
    );
    await until('the first is in', () => has('a-in'));
    const second = new OtherBuild(shop, 'b', cache('locked'), 'touch /s/b-in; cat /c/log');
    await until('the second is at its step', () => second.isAtLastStep);
    assert.ok(!has('b-in'), 'the second came in');
    first.child.kill('SIGKILL');
    assert.equal(await second.succeed(), 'a\n');
    assert.equal(await new OtherBuild(shop, 'c', cache('locked'), 'cat /c/log').succeed(), 'a\n');
    // What the killed one left in the scratch folder goes with the next build that looks there.
    assert.deepEqual(readdirSync(join(shop.store, 'scratch')), []);
  });
});
