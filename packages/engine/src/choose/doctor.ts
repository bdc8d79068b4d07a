import { release } from 'node:os';
import { dirname } from 'node:path';
import type { DoctorProvider, DoctorReport } from '../model/doctor.js';
import { codeOf, VarveError } from '../model/error.js';
import type { Host, Plugin } from '../plugin/index.js';
import { fileSystemType } from '../sys/file-system.js';
import { judge } from './judge.js';
import { type ChosenPair, choosePair, type NamedPair } from './pair.js';

export interface DoctorRequest {
  /** All plugins that are loaded, the built-in ones first. */
  readonly plugins: readonly Plugin[];
  readonly host: Host;
  /** Absolute path of the store; need not exist. */
  readonly store: string;
  readonly named?: NamedPair;
}

/** What this machine allows, which pair a build would use and why not the others. Tries, changes nothing, never throws. */
export async function doctorReport(request: DoctorRequest): Promise<DoctorReport> {
  const providers = await Promise.all(
    request.plugins.flatMap(plugin =>
      (plugin.provides ?? []).map(
        async (provider): Promise<DoctorProvider> => ({
          slot: provider.slot,
          id: provider.id,
          plugin: plugin.name,
          summary: provider.summary,
          verdict: await judge(provider, request.host),
        }),
      ),
    ),
  );
  const pair = await choose(request);
  return {
    system: {
      node: process.version,
      platform: `${process.platform}/${process.arch}`,
      kernel: release(),
      user: `${process.geteuid?.() ?? '?'}:${process.getegid?.() ?? '?'}`,
      store: request.store,
      storeFileSystem: fileSystemOf(request.store),
    },
    providers,
    ...(pair.chosen === undefined ? {} : { chosen: pair.chosen }),
    refusals: pair.refusals,
  };
}

async function choose(request: DoctorRequest): Promise<Pick<DoctorReport, 'chosen' | 'refusals'>> {
  const all = request.plugins.flatMap(plugin => plugin.provides ?? []);
  try {
    const pair: ChosenPair = await choosePair(all, request.host, request.named);
    return { chosen: { snapshotter: pair.snapshotter.id, executor: pair.executor.id }, refusals: pair.refusals };
  } catch (error) {
    return { refusals: [refusalOf(error, request.named)] };
  }
}

function refusalOf(error: unknown, named: NamedPair = {}): DoctorReport['refusals'][number] {
  const hint = error instanceof VarveError ? error.hint : undefined;
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
