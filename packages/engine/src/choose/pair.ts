import { didYouMean } from '@varve/dockerfile';
import type { DoctorReport, Verdict } from '../model/doctor.js';
import { VarveError } from '../model/error.js';
import type { AnyProvider, Host, Isolation, Provider } from '../plugin/index.js';
import { judge } from './judge.js';

type SnapshotterProvider = Provider<'snapshotter'>;
type ExecutorProvider = Provider<'executor'>;
type Refusal = DoctorReport['refusals'][number];

/** Ids that the user named; what is absent is chosen. */
export interface NamedPair {
  readonly snapshotter?: string;
  readonly executor?: string;
}

export interface ChosenPair {
  readonly snapshotter: SnapshotterProvider;
  readonly executor: ExecutorProvider;
  /** What works with less than it might. */
  readonly notes: readonly string[];
  /** Better pairs that were passed over, best first. */
  readonly refusals: readonly Refusal[];
}

const isolationOrder: Readonly<Record<Isolation, number>> = { full: 2, partial: 1, none: 0 };

/**
 * Chooses how a stage gets its root and how its steps run, as a pair: isolation first, then the snapshotter's rank (finding
 * changes costs more than starting a process), then the executor's. A heuristic snapshotter, an executor that is only for those
 * who name it, and one that does not isolate are never chosen by themselves. What is named is used or refused, never replaced.
 * Errors: `E_NO_PROVIDER` (nothing of that name, or nothing usable), `E_PROVIDER_UNUSABLE` (named, but it cannot be used here).
 */
export async function choosePair(
  providers: readonly AnyProvider[],
  host: Host,
  named: NamedPair = {},
): Promise<ChosenPair> {
  const judged = rememberVerdicts(host);
  const refusals: Refusal[] = [];
  for (const pair of rankPairs(providers, named)) {
    const refusal = await refuse(pair, judged);
    if (refusal === undefined) {
      const notes = [pair.snapshotter, pair.executor].map(async provider => notesOf(await judged(provider)));
      return { ...pair, notes: (await Promise.all(notes)).flat(), refusals };
    }
    refusals.push(refusal);
  }
  if (!providers.some(isSnapshotter))
    throw new VarveError('E_NO_PROVIDER', 'steps need a snapshotter, and there is none', {
      hint: 'load a plugin that brings one, such as @varve/plugin-snapshot-full',
    });
  throw nothingUsable(refusals, named);
}

interface Pair {
  readonly snapshotter: SnapshotterProvider;
  readonly executor: ExecutorProvider;
}

/** The pairs that may be chosen and fit each other, best first. Errors: `E_NO_PROVIDER`, `E_PROVIDER_UNUSABLE`. */
function rankPairs(providers: readonly AnyProvider[], named: NamedPair): readonly Pair[] {
  const snapshotters = candidates(providers.filter(isSnapshotter), 'snapshotter', named.snapshotter).filter(
    provider => named.snapshotter !== undefined || provider.traits.fidelity === 'exact',
  );
  const executors = candidates(providers.filter(isExecutor), 'executor', named.executor).filter(
    provider => named.executor !== undefined || choosable(provider),
  );
  const pairs = snapshotters.flatMap(snapshotter =>
    executors
      .filter(executor => executor.traits.enters.includes(snapshotter.traits.root))
      .map(executor => ({ snapshotter, executor })),
  );
  if (pairs.length === 0 && named.snapshotter !== undefined && named.executor !== undefined) {
    throw new VarveError(
      'E_PROVIDER_UNUSABLE',
      `executor ${named.executor} cannot enter the root of snapshotter ${named.snapshotter}`,
      { hint: 'name only one of the two, and the other is chosen to fit' },
    );
  }
  return pairs.toSorted(comparePairs);
}

function candidates<P extends AnyProvider>(of: readonly P[], slot: string, name: string | undefined): readonly P[] {
  if (name === undefined) return of;
  const found = of.filter(provider => provider.id === name);
  if (found.length > 0) return found;
  const ids = of.map(provider => provider.id);
  throw new VarveError('E_NO_PROVIDER', `there is no ${slot} named ${name}`, {
    hint: didYouMean(name, ids) ?? (ids.length === 0 ? `load a plugin that brings one` : `known: ${ids.join(', ')}`),
  });
}

function choosable(executor: ExecutorProvider): boolean {
  return executor.traits.onlyWhenNamed !== true && executor.traits.isolation !== 'none';
}

function comparePairs(a: Pair, b: Pair): number {
  return (
    isolationOrder[b.executor.traits.isolation] - isolationOrder[a.executor.traits.isolation] ||
    b.snapshotter.rank - a.snapshotter.rank ||
    b.executor.rank - a.executor.rank
  );
}

async function refuse(pair: Pair, judged: (provider: AnyProvider) => Promise<Verdict>): Promise<Refusal | undefined> {
  for (const provider of [pair.executor, pair.snapshotter]) {
    const verdict = await judged(provider);
    if (verdict.usable) continue;
    return {
      snapshotter: pair.snapshotter.id,
      executor: pair.executor.id,
      reason: `${provider.slot} ${provider.id}: ${verdict.reason}`,
      ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
    };
  }
  return undefined;
}

function rememberVerdicts(host: Host): (provider: AnyProvider) => Promise<Verdict> {
  const known = new Map<AnyProvider, Promise<Verdict>>();
  return provider => {
    const verdict = known.get(provider) ?? judge(provider, host);
    known.set(provider, verdict);
    return verdict;
  };
}

function nothingUsable(refusals: readonly Refusal[], named: NamedPair): VarveError {
  const first = refusals[0];
  const reasons = [...new Set(refusals.map(refusal => refusal.reason))];
  const details = {
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    data: { reasons },
  };
  const isNamed = named.executor !== undefined || named.snapshotter !== undefined;
  if (isNamed && first !== undefined) {
    return new VarveError('E_PROVIDER_UNUSABLE', `what was named cannot be used here: ${reasons.join('; ')}`, details);
  }
  if (first === undefined) {
    return new VarveError('E_NO_PROVIDER', 'no snapshotter and executor fit each other', {
      hint: 'load plugins that bring them, or see varve doctor',
    });
  }
  return new VarveError('E_NO_PROVIDER', `nothing can run steps here: ${reasons.join('; ')}`, details);
}

function notesOf(verdict: Verdict): readonly string[] {
  return verdict.usable ? (verdict.notes ?? []) : [];
}
function isSnapshotter(provider: AnyProvider): provider is SnapshotterProvider {
  return provider.slot === 'snapshotter';
}
function isExecutor(provider: AnyProvider): provider is ExecutorProvider {
  return provider.slot === 'executor';
}
