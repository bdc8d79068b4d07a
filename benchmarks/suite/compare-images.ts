import { must, run } from '@varve/test/rig/run';
import { varveBin, varveEnvironment } from '@varve/test/rig/varve';

interface Manifest {
  readonly layers: readonly { readonly size: number }[];
}

/**
 * Pulls two pushed images and compares them file by file, but for times. Gives how large the layers of the first above the base are, of
 * those of the second. Throws where a file differs.
 */
export async function compareImages(ours: string, theirs: string): Promise<{ readonly larger: number }> {
  const outcome = await run(process.execPath, [varveBin, 'diff', theirs, ours, '--json'], {
    env: varveEnvironment(),
    timeout: 600_000,
  });
  if (outcome.code !== 0) throw new Error(`varve diff failed: ${outcome.stderr}`);
  const { files } = JSON.parse(outcome.stdout) as {
    readonly files: readonly { readonly path: string; readonly kind: string }[];
  };
  const real = files.filter(({ path }) => !madeByRunning.has(path));
  if (real.length > 0)
    throw new Error(
      `${ours} and ${theirs} differ in ${real.length} files: ${real
        .slice(0, 5)
        .map(({ kind, path }) => `${kind} ${path}`)
        .join(', ')}`,
    );
  return { larger: (await sizeAboveBase(ours)) / (await sizeAboveBase(theirs)) };
}

/** What builders leave of the files that they mount while a RUN runs, or do not. */
const madeByRunning: ReadonlySet<string> = new Set([
  'etc',
  'etc/hosts',
  'etc/resolv.conf',
  'etc/hostname',
  'dev',
  'proc',
  'sys',
  'run',
]);

/** Bytes of the layers above the first, which is the base in every scenario. */
async function sizeAboveBase(image: string): Promise<number> {
  const text = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${image}`]);
  return (JSON.parse(text) as Manifest).layers.slice(1).reduce((sum, { size }) => sum + size, 0);
}
