import { release } from 'node:os';
import { dirname } from 'node:path';
import type { DoctorProvider, DoctorReport } from '../model/doctor.js';
import { codeOf, type VarveError } from '../model/error.js';
import type { AnyProvider, Host, Plugin } from '../plugin/index.js';
import { fileSystemType } from '../sys/file-system.js';
import { judge } from './judge.js';
import { type ChosenPair, choosePair, type NamedPair } from './pair.js';

export interface DoctorRequest {
  /** All plugins that are loaded, the built-in ones first. */
  readonly plugins: readonly Plugin[];
  readonly host: Host;
  /** Absolute path of the store; need not exist. */
  readonly store: string;
  readonly ladder: DoctorReport['ladder'];
  /** Snapshotters and executors as they were judged where they would be used. */
  readonly roots: JudgedRoots;
}

/** Whether snapshotters and executors can be used, and which of them would be. */
export interface JudgedRoots extends Pick<DoctorReport, 'chosen' | 'refusals'> {
  readonly verdicts: readonly Pick<DoctorProvider, 'slot' | 'id' | 'verdict'>[];
}

/** Judges snapshotters and executors where this process is, and chooses among them. Never throws. */
export async function judgeRoots(
  providers: readonly AnyProvider[],
  host: Host,
  named: NamedPair = {},
): Promise<JudgedRoots> {
  const ofRoots = providers.filter(({ slot }) => slot === 'snapshotter' || slot === 'executor');
  const verdicts = ofRoots.map(async provider => {
    return { slot: provider.slot, id: provider.id, verdict: await judge(provider, host) };
  });
  return { verdicts: await Promise.all(verdicts), ...(await choose(providers, host, named)) };
}

/** What this machine allows, which pair a build would use and why not the others. Tries, changes nothing, never throws. */
export async function doctorReport(request: DoctorRequest): Promise<DoctorReport> {
  const { roots } = request;
  const judged = new Map(roots.verdicts.map(({ slot, id, verdict }) => [`${slot} ${id}`, verdict]));
  const providers = await Promise.all(
    request.plugins.flatMap(plugin =>
      (plugin.provides ?? []).map(
        async (provider): Promise<DoctorProvider> => ({
          slot: provider.slot,
          id: provider.id,
          plugin: plugin.name,
          summary: provider.summary,
          verdict: judged.get(`${provider.slot} ${provider.id}`) ?? (await judge(provider, request.host)),
        }),
      ),
    ),
  );
  return {
    system: {
      node: process.version,
      platform: `${process.platform}/${process.arch}`,
      kernel: release(),
      user: `${process.geteuid?.() ?? '?'}:${process.getegid?.() ?? '?'}`,
      store: request.store,
      storeFileSystem: fileSystemOf(request.store),
    },
    ladder: request.ladder,
    providers,
    ...(roots.chosen === undefined ? {} : { chosen: roots.chosen }),
    refusals: roots.refusals,
  };
}

async function choose(
  providers: readonly AnyProvider[],
  host: Host,
  named: NamedPair,
): Promise<Pick<DoctorReport, 'chosen' | 'refusals'>> {
  try {
    const pair: ChosenPair = await choosePair(providers, host, named);
    return { chosen: { snapshotter: pair.snapshotter.id, executor: pair.executor.id }, refusals: pair.refusals };
  } catch (error) {
    return { refusals: [refusalOf(error, named)] };
  }
}

function refusalOf(error: unknown, named: NamedPair = {}): DoctorReport['refusals'][number] {
  const { hint } = (error ?? {}) as Pick<VarveError, 'hint'>;
  return {
    snapshotter: named.snapshotter ?? 'any',
    executor: named.executor ?? 'any',
    reason: error instanceof Error ? error.message : String(error),
    ...(hint === undefined ? {} : { hint }),
  };
}

function fileSystemOf(path: string): string {
  try {
    return fileSystemType(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return fileSystemOf(dirname(path));
    return 'unknown';
  }
}
