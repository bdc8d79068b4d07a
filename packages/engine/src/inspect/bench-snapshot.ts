import type { RegistrySettings } from '@varve/oci';
import { type HostClient, startChild } from '../host/client.js';
import type { HostCommand, MeasureDeed, MeasuredCapture } from '../host/protocol.js';
import { codeOf, VarveError } from '../model/error.js';
import type { BundledPlugin, PluginSpec, ProviderChoice } from '../model/options.js';
import type { TreePath } from '../model/path.js';
import { hostSetup } from '../session/host-ahead.js';
import { openSession, type Session } from '../session/session.js';
import { stepSettings } from '../session/step-settings.js';
import { fileSystemType } from '../sys/index.js';
import { type BenchSubject, folderSubject, imageSubject } from './bench-subject.js';
import {
  adviceOf,
  type BenchedDiff,
  type BenchedStrategy,
  type DiffCase,
  type Disagreement,
  type SnapshotBench,
} from './snapshot-bench.js';

export interface SnapshotBenchOptions {
  /** The store's folder; roots are made below it, as in a build. */
  readonly store: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is worked on: an image as for {@link openImage}, or a folder that holds a root file system. */
  readonly subject: { readonly image: string; readonly platform?: string } | { readonly rootfs: string };
  /** One more case: what this command of the image's shell changes. */
  readonly run?: string;
  /** Snapshotters by name; all that there are by default. */
  readonly strategies?: readonly string[];
  readonly executor?: ProviderChoice;
  readonly registries?: RegistrySettings;
  readonly plugins?: readonly PluginSpec[];
  readonly bundled?: readonly BundledPlugin[];
  readonly signal?: AbortSignal;
  /** Told what is being done. */
  readonly progress?: (what: string) => void;
}

/** So many changes are named, so that it can be said which of them only one strategy found. */
const toldMost = 100_000;
const examplesMost = 5;
const few = 10;

/**
 * Compares strategies of finding changes on somebody's own files, each with the provider and in the process that a build would use. Errors:
 * those of opening the image, `E_NO_PROVIDER` for a strategy that nobody provides, `E_STEP_FAILED`.
 */
export async function benchSnapshots(options: SnapshotBenchOptions): Promise<SnapshotBench> {
  const { store, cwd, env, registries = {}, bundled = [], plugins = [], signal } = options;
  const settings = { context: cwd, store, cwd, env, registries, bundled, plugins };
  await using session = await openSession(settings, signal ? { signal } : {});
  const progress = options.progress ?? (() => undefined);
  const providers = await session.providers.all('snapshotter');
  const ids = options.strategies ?? providers.map(({ id }) => id);
  const fidelities: BenchedStrategy['fidelity'][] = [];
  for (const id of ids)
    fidelities.push((await session.providers.get('snapshotter', { id, options: {} })).traits.fidelity);
  progress('reading the image');
  const subject = await ('image' in options.subject
    ? imageSubject(session, options.subject.image, options.subject.platform)
    : folderSubject(session, options.subject.rootfs));
  progress('unpacking alone');
  // The first time warms caches up for everybody.
  const unpacking = Math.min(await unpackAlone(session, subject), await unpackAlone(session, subject));
  const benched: Benched[] = [];
  for (const [i, id] of ids.entries()) {
    progress(id);
    const tried = await benchStrategy(session, subject, { id, ...options });
    benched.push({ ...tried, strategy: { ...tried.strategy, fidelity: fidelities[i] as BenchedStrategy['fidelity'] } });
  }
  const strategies = benched.map(({ strategy }) => ({
    ...strategy,
    baseline: Math.max(0, strategy.ready - unpacking),
  }));
  const { name, entries, bytes } = subject;
  const fileSystem = fileSystemType(session.scratch.dir);
  const bench = {
    subject: { name, entries, bytes, fileSystem },
    unpacking,
    strategies,
    disagreements: disagreementsOf(benched),
  };
  return { ...bench, advice: adviceOf(bench) };
}

interface Benched {
  readonly strategy: Omit<BenchedStrategy, 'baseline'>;
  readonly told: ReadonlyMap<DiffCase, MeasuredCapture>;
}

async function unpackAlone(session: Session, { layers }: BenchSubject): Promise<number> {
  await using host = openHost(session);
  const dir = session.scratch.folder('plain');
  const inputs = layers.map(layer => host.input(layer));
  return await host.call('measureUnpacking', { dir, layers: inputs }, { signal: session.signal });
}

function openHost(session: Session): HostClient {
  return startChild(session.roots.place(), hostSetup(session.options), session.blobs);
}

async function benchStrategy(
  session: Session,
  subject: BenchSubject,
  { id, run, executor }: Pick<SnapshotBenchOptions, 'run' | 'executor'> & { readonly id: string },
): Promise<Benched> {
  const { signal } = session;
  await using host = openHost(session);
  const named = { snapshotter: { id, options: {} }, ...(executor ? { executor } : {}) };
  const none = { id, fidelity: 'exact', ready: 0, diffs: [], peakMemory: 0 } as const;
  try {
    const pair = await host.call('choosePair', named, { signal });
    await host.call('openRoot', { dir: session.scratch.folder('root'), pair }, { signal });
  } catch (error) {
    if (codeOf(error) !== 'E_PROVIDER_UNUSABLE') throw error;
    return { strategy: { ...none, unusable: (error as Error).message }, told: new Map() };
  }
  const began = performance.now();
  await host.call('applyLayers', { layers: subject.layers.map(layer => host.input(layer)) }, { signal });
  const laid = performance.now() - began;
  const measure = (deed: MeasureDeed): Promise<MeasuredCapture> => host.call('measureCapture', deed, { signal });
  const first = await measure({ kind: 'append', files: [], told: 0 });
  const told = new Map<DiffCase, MeasuredCapture>();
  const diffs: BenchedDiff[] = [];
  const add = async (what: DiffCase, deed: MeasureDeed, rounds: number): Promise<void> => {
    const runs: MeasuredCapture[] = [];
    for (let i = 0; i < rounds; i++) runs.push(await measure({ ...deed, told: i === 0 ? toldMost : 0 }));
    told.set(what, runs[0] as MeasuredCapture);
    diffs.push(diffOf(what, deed.kind === 'step' ? undefined : deed.files.length, runs));
  };
  const { files } = subject;
  await add('nothing', { kind: 'append', files: [], told: 0 }, 5);
  await add('few', { kind: 'append', files: spread(files, few), told: 0 }, 5);
  await add('many', { kind: 'append', files: spread(files, Math.ceil(files.length / 10)), told: 0 }, 1);
  await add('hidden', { kind: 'hidden-edit', files: spread(files, few), told: 0 }, 1);
  if (run !== undefined) {
    await runStep(session, host, { run, env: subject.env });
    await add('run', { kind: 'step', told: 0 }, 1);
  }
  const peakMemory = await host.call('peakMemory', undefined, { signal });
  await host.call('closeRoot', undefined, { signal });
  await host.call('removeRoot', undefined, { signal });
  return { strategy: { ...none, ready: laid + first.prepare, diffs, peakMemory }, told };
}

async function runStep(
  session: Session,
  host: HostClient,
  { run, env }: { readonly run: string; readonly env: readonly string[] },
): Promise<void> {
  const command: HostCommand = {
    argv: ['/bin/sh', '-c', run],
    env,
    cwd: '/',
    user: '',
    network: 'host',
    security: 'sandbox',
    mounts: [],
  };
  const output: Uint8Array[] = [];
  const exit = await host.call(
    'run',
    { command, settings: stepSettings(session.options), isFollowed: false },
    { signal: session.signal, onEvent: ({ chunk }) => void output.push(chunk) },
  );
  if (exit.kind === 'exited' && exit.code === 0) return;
  const how = exit.kind === 'exited' ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const last = Buffer.concat(output).toString('utf8').trim().split('\n').slice(-3).join(' ');
  throw new VarveError('E_STEP_FAILED', `the command ended with ${how}`, last === '' ? {} : { hint: last });
}

/** So many of these at most, from all over. */
function spread(files: readonly TreePath[], count: number): readonly TreePath[] {
  const each = Math.max(1, Math.floor(files.length / count));
  return files.filter((_, i) => i % each === 0).slice(0, count);
}

function diffOf(what: DiffCase, files: number | undefined, runs: readonly MeasuredCapture[]): BenchedDiff {
  const [first] = runs as readonly [MeasuredCapture];
  return {
    what,
    ...(files === undefined ? {} : { files }),
    prepare: median(runs.map(({ prepare }) => prepare)),
    find: median(runs.map(({ find }) => find)),
    bytesRead: median(runs.map(({ bytesRead }) => bytesRead)),
    found: first.count,
  };
}

/** Each strategy beside the first exact one that could be tried. */
function disagreementsOf(benched: readonly Benched[]): readonly Disagreement[] {
  const tried = benched.filter(({ strategy }) => strategy.unusable === undefined);
  const reference = tried.find(({ strategy }) => strategy.fidelity === 'exact') ?? tried[0];
  if (reference === undefined) return [];
  return tried
    .filter(one => one !== reference)
    .flatMap(one =>
      [...one.told].flatMap(([what, found]): readonly Disagreement[] => {
        const known = reference.told.get(what);
        if (known === undefined || known.digest === found.digest) return [];
        const [a, b] = [new Set(known.told), new Set(found.told)];
        const examples = [...known.told.filter(line => !b.has(line)), ...found.told.filter(line => !a.has(line))];
        return [
          {
            what,
            between: [reference.strategy.id, one.strategy.id],
            counts: [known.count, found.count],
            examples: examples.slice(0, examplesMost),
          },
        ];
      }),
    );
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
