import type { CopyOptions, CopyResult, MirrorFailure, RegistryClient, RegistrySettings } from '@varve/oci';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import { CopyLines } from '../progress/copy-lines.js';
import { streamOutput } from '../terminal/output.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { requireWritable, writeLines } from './digest-file.js';
import { watchInterruption } from './interrupt.js';

/** One copy of an image, as `varve push` and `varve pull` make it. */
export interface ImageCopy {
  readonly flags: FlagValues;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registries: RegistrySettings;
  /** What is copied where, once there is a client. */
  prepare(client: RegistryClient, signal: AbortSignal): Promise<Pick<CopyOptions, 'from' | 'to' | 'platform'>>;
  /** Called at the end, however it was. */
  finish(ok: boolean): Promise<void>;
}

/** Copies an image: progress to standard error, the digest or JSON to standard output. Resolves with the exit code. */
export async function runCopy(copy: ImageCopy): Promise<number> {
  const { flags, cwd, env, registries } = copy;
  const { copyImage, createRegistryClient, loadCredentials } = await import('@varve/oci');
  const digestFile = textOf(flags, 'digest-file');
  const files = digestFile === undefined ? [] : [{ flag: '--digest-file', file: digestFile }];
  const lines = isOn(flags, 'quiet') ? undefined : new CopyLines(streamOutput(process.stderr));
  const client = createRegistryClient({
    ...registries,
    env,
    credentials: loadCredentials(env),
    onMirrorFailure: failure => lines?.warn(mirrorWarning(failure)),
  });
  const interruption = watchInterruption(() => lines?.end());
  let done = false;
  try {
    await requireCertificateFiles(registries);
    await requireWritable(files, cwd);
    const { signal } = interruption;
    const result = await copyImage({
      ...(await copy.prepare(client, signal)),
      ...formatOf(flags),
      signal,
      ...(lines === undefined ? {} : { onProgress: lines.observe }),
    });
    done = true;
    lines?.end();
    for (const file of files) await writeLines(file, cwd, [result.root.digest]);
    process.stdout.write(isOn(flags, 'json') ? jsonOf(result) : `${result.root.digest}\n`);
    return exitCodes.done;
  } catch (error) {
    lines?.end();
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted(interruption.by);
  } finally {
    await copy.finish(done);
    await client.close();
    interruption[Symbol.dispose]();
  }
}

function mirrorWarning({ registry, mirror, error }: MirrorFailure): string {
  return `warning: the mirror ${mirror} of ${registry} is passed over: ${oneLine(error.message)} [W_MIRROR_FAILED]`;
}

function formatOf(flags: FlagValues): Pick<CopyOptions, 'format'> {
  const oci = flags['oci-mediatypes'];
  return oci === undefined ? {} : { format: oci === true ? 'oci' : 'docker' };
}

function jsonOf({ root, moved, skipped }: CopyResult): string {
  const { digest, mediaType, size } = root;
  return `${JSON.stringify({ digest, mediaType, size, blobs: { copied: moved, skipped } }, undefined, 2)}\n`;
}
