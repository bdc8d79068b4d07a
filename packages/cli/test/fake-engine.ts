import { writeFileSync } from 'node:fs';
import type { BuildOptions, BuildResult, DiffOptions, DoctorOptions, DoctorReport, RunControl } from '@varve/engine';
import { openLayout } from '@varve/oci';
import type { Engine } from '../src/engine.js';
import { benchedSnapshots } from './recorded-bench.js';
import { badBuild, badBuildError, explainedSteps, goodBuild, goodResult, plannedSteps } from './recorded-build.js';

/**
 * Stands in for `@varve/engine` in the command line of a test (see fake-engine-hook.ts). `FAKE_ENGINE` chooses what a build does; what it
 * was called with is written to the file that `FAKE_ENGINE_CALL` names.
 */
type Behaviour =
  | 'good'
  | 'kept'
  | 'bad'
  | 'slow'
  | 'stuck'
  | 'stalled'
  | 'internal'
  | 'system'
  | 'usage'
  | 'undoctored';

const behaviour = (process.env.FAKE_ENGINE ?? 'good') as Behaviour;

export const build: Engine['build'] = async (options: BuildOptions, run: RunControl = {}): Promise<BuildResult> => {
  record(options);
  if (behaviour === 'stalled') await new Promise(() => undefined);
  if (behaviour === 'internal') throw new TypeError('x is not a function');
  if (behaviour === 'system')
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  if (behaviour === 'usage')
    throw Object.assign(new Error('there is no output of type kubernetes'), { code: 'E_OUTPUT_INVALID' });
  const events = behaviour === 'bad' ? badBuild : goodBuild;
  for (const event of events) {
    if ((behaviour === 'slow' || behaviour === 'stuck') && event.type === 'buildFinished') await hang(run.signal);
    if (behaviour === 'slow') await new Promise(resolve => setTimeout(resolve, 30));
    run.onEvent?.(event);
  }
  if (behaviour === 'bad') throw badBuildError();
  writeArchives(options);
  if (behaviour === 'kept') return { ...goodResult, exports: [], keptAs: 'app:latest' };
  return { ...goodResult, exports: exportsOf(options) };
};

export const planBuild: Engine['planBuild'] = async options => {
  record(options);
  return { steps: plannedSteps };
};

export const explainBuild: Engine['explainBuild'] = async options => {
  record(options);
  return explainedSteps;
};

export const doctor: Engine['doctor'] = async (options: DoctorOptions): Promise<DoctorReport> => ({
  system: {
    node: 'v20',
    platform: 'linux/x64',
    kernel: '6.1',
    user: '0:0',
    store: options.store,
    storeFileSystem: 'ext4',
  },
  ladder: [
    {
      rung: 1,
      title: 'root that may mount',
      verdict: { usable: false, reason: 'this process is not root', hint: 'run as root (sudo)' },
      chosen: false,
    },
    { rung: 2, title: 'a user namespace with every id', verdict: { usable: true }, chosen: true },
    {
      rung: 3,
      title: 'a user namespace with one id',
      verdict: { usable: false, reason: 'Varve does not do this yet' },
      chosen: false,
    },
  ],
  providers: [
    {
      slot: 'snapshotter',
      id: 'full',
      plugin: '@varve/plugin-snapshot-full',
      summary: 'by content',
      verdict: { usable: true, notes: ['reads every file'] },
    },
    {
      slot: 'executor',
      id: 'oci',
      plugin: 'built-in',
      summary: 'crun or runc',
      verdict: { usable: false, reason: 'neither is here', hint: 'install crun' },
    },
  ],
  ...(behaviour === 'undoctored' ? {} : { chosen: { snapshotter: 'full', executor: 'namespaces' } }),
  refusals: [{ snapshotter: 'full', executor: 'oci', reason: 'neither is here', hint: 'install crun' }],
});

export const openStore: Engine['openStore'] = async () => ({
  usage: async () => ({ blobs: 1, bytes: 5 }),
  list: async () => [
    {
      kind: 'step',
      digest: `sha256:${'e'.repeat(64)}`,
      size: 5_000_000,
      lastUsed: Date.now() - 7_200_000,
      createdBy: 'RUN make',
    },
  ],
  prune: async which => {
    record(which);
    return { removed: 2, bytes: 12_000_000, left: 30_000_000 };
  },
  close: async () => undefined,
});

export const openKeptImage: Engine['openKeptImage'] = async (dir, name) => {
  const layout = await openLayout(dir);
  await layout.find(name);
  return layout;
};

export const diffImages: Engine['diffImages'] = async (a: string, b: string, _options: DiffOptions) => {
  if (a === b) return { config: [], files: [] };
  return {
    config: [{ name: 'Env', was: 'A=1', is: 'A=2' }],
    files: [
      { path: 'bin/app', kind: 'changed', facts: [{ name: 'size', was: '1', is: '2' }] },
      { path: 'etc/new', kind: 'added', facts: [{ name: 'type', is: 'file' }] },
      { path: 'etc/old', kind: 'removed', facts: [] },
    ],
  };
};

export const benchSnapshots: Engine['benchSnapshots'] = async () => benchedSnapshots;

export const listPlugins: Engine['listPlugins'] = async ({ plugins, cwd }) =>
  plugins.map(({ module }) => ({
    name: 'mine',
    version: '2.0.0',
    contract: '^1.0.0',
    file: module.replace(/^\./, cwd === process.cwd() ? '/here' : cwd),
    provides: [{ slot: 'exporter', id: 'ftp', summary: 'to where it always went' }],
    hooks: ['imageBuilt'],
  }));

function record(value: unknown): void {
  const file = process.env.FAKE_ENGINE_CALL;
  if (file !== undefined) writeFileSync(file, JSON.stringify(value));
}

/** A build of type `slow` ends when it is aborted, one of type `stuck` never does. */
async function hang(signal: AbortSignal | undefined): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  await new Promise<never>((_, reject) => {
    const stop = (): void => {
      if (behaviour === 'stuck') return;
      clearInterval(alive);
      reject(Object.assign(new Error('aborted'), { code: 'ABORT_ERR' }));
    };
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop);
  });
}

function writeArchives(options: BuildOptions): void {
  for (const { attributes } of options.outputs ?? []) {
    if (attributes.dest === '-') process.stdout.write('ARCHIVE');
    else if (attributes.dest?.endsWith('image.tar')) writeFileSync(attributes.dest, 'ARCHIVE');
  }
}

function exportsOf(options: BuildOptions): BuildResult['exports'] {
  const { digest } = goodResult;
  return (options.outputs ?? []).map(({ type, attributes }) => ({
    exporter: type,
    target: attributes.dest ?? type,
    digest,
  }));
}
