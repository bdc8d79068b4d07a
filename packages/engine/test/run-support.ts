import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from '../src/model/options.js';
import { findProgram } from '../src/sys/find-program.js';
import { pluginSource, Workshop } from './build-support.js';

const busybox = '/bin/busybox';

/** The snapshotter that comes with the command line, where the repository has it built. */
function snapshotter(): string | undefined {
  try {
    const url = import.meta.resolve('@varve/plugin-snapshot-full');
    return existsSync(fileURLToPath(url)) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Why steps cannot be run here, for `skip`. */
export function whyNoSteps(): string | false {
  if (process.getuid?.() !== 0) return 'only root can run steps';
  if (!existsSync(busybox)) return `there is no ${busybox}`;
  if (findProgram('unshare', process.env) === undefined) return 'there is no unshare';
  return snapshotter() === undefined ? 'no snapshotter is built' : false;
}

/** Whether there is no container runtime, which the executor `oci` needs. */
export function noRuntime(): boolean {
  return ['runc', 'crun', 'youki'].every(name => findProgram(name, process.env) === undefined);
}

/** A stage with a shell and the applets of busybox by their names. */
export const base =
  'FROM scratch AS base\nCOPY --chmod=755 busybox /bin/sh\nRUN /bin/sh -c "exec -a busybox /bin/sh --install -s /bin"\n';

/** A workshop whose context has busybox, and whose builds can run steps and remember them. */
export class StepWorkshop extends Workshop {
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    super({ 'context/busybox': readFileSync(busybox), 'plugin.mjs': pluginSource, ...files });
  }

  /** What a build needs to run steps. */
  readonly stepOptions: Partial<BuildOptions> = {
    bundled: [{ url: snapshotter() as string, provides: [{ slot: 'snapshotter', id: 'full' }] }],
    plugins: [{ module: './plugin.mjs', options: {} }],
    caches: [{ id: 'notes', options: {} }],
  };

  /** Builds, and gives what steps printed. */
  async output(dockerfile: string, more: Partial<BuildOptions> = {}): Promise<string> {
    await this.build(dockerfile, { ...this.stepOptions, ...more });
    return this.events.flatMap(event => (event.type === 'stepOutput' ? event.text : [])).join('');
  }
}
