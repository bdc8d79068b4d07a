import type {
  BuildOptions,
  BuildResult,
  DoctorOptions,
  DoctorReport,
  PlannedStepSummary,
  RunControl,
} from '@varve/engine';
import { CliError } from './errors/cli-error.js';

/** What `planBuild` answers. */
export interface BuildPlan {
  readonly steps: readonly PlannedStepSummary[];
}

/** One thing that the store keeps. Times in milliseconds since 1970, sizes in bytes. */
export interface CacheRow {
  readonly digest: string;
  readonly size: number;
  readonly lastUsed: number;
  readonly createdBy?: string;
}

export interface Store {
  usage(): Promise<{ readonly blobs: number; readonly bytes: number }>;
  list(): Promise<readonly CacheRow[]>;
  prune(which: { readonly maxSize?: number; readonly olderThanMs?: number; readonly all?: boolean }): Promise<{
    readonly removed: number;
    readonly bytes: number;
  }>;
  close(): Promise<void>;
}

/** One path that is not the same in two images. `was` and `is` hold the facts that differ, as text. */
export interface FileDifference {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly facts: readonly { readonly name: string; readonly was?: string; readonly is?: string }[];
}

export interface ImageDifference {
  readonly config: readonly { readonly name: string; readonly was?: string; readonly is?: string }[];
  readonly files: readonly FileDifference[];
}

export interface DiffOptions {
  readonly store: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: string;
  readonly insecureRegistries?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What the command line uses of `@varve/engine`. */
export interface Engine {
  build(options: BuildOptions, run: RunControl): Promise<BuildResult>;
  planBuild(options: BuildOptions, run: RunControl): Promise<BuildPlan>;
  doctor(options: DoctorOptions): Promise<DoctorReport>;
  openStore(dir: string): Promise<Store>;
  diffImages(a: string, b: string, options: DiffOptions): Promise<ImageDifference>;
  defaultStoreDir(env: Readonly<Record<string, string | undefined>>, cwd: string): string;
}

/**
 * One function of the engine, loaded when it is asked for. Errors: `E_NOT_SUPPORTED` where the installed engine does not have it.
 */
export async function fromEngine<K extends keyof Engine>(name: K): Promise<Engine[K]> {
  const engine = (await import('@varve/engine')) as unknown as Partial<Engine>;
  const found = engine[name];
  if (found === undefined) {
    throw new CliError('E_NOT_SUPPORTED', `the installed @varve/engine does not offer ${name}`, {
      hint: 'install varve and @varve/engine of the same version',
    });
  }
  return found;
}
