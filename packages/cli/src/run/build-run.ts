import type { HostAhead } from '@varve/engine/ahead';
import type { Engine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { type ErrorReport, reportOf } from '../errors/report.js';
import { withSource } from '../errors/source.js';
import { exitCodes } from '../exit-codes.js';
import type { BuildCall } from '../options/build-options.js';
import { createRenderer, resolveMode } from '../progress/choose.js';
import { BuildTally } from '../progress/tally.js';
import type { Output } from '../terminal/output.js';
import { isDebugging } from './debugging.js';
import type { NamedFile } from './digest-file.js';
import { prepareLoad } from './docker-load.js';
import { watchInterruption } from './interrupt.js';

export interface BuildStreams {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** What is special about a build. */
export interface BuildCourse {
  /** Stops the build, of which nothing more is said then. */
  readonly superseded?: AbortSignal;
  /** What was started for it before the engine was loaded. */
  readonly ahead?: HostAhead | undefined;
}

/** How a build ended. */
export interface BuildEnd {
  readonly exitCode: number;
  /** Of the image, where there is one. */
  readonly digest?: string;
}

/**
 * Runs a build and shows it on standard error; the digest goes to standard output, unless an archive goes there, or standard output is
 * a terminal that has it in the summary. A build that fails is shown, and nothing is thrown.
 * Errors: those of a wrong call, before anything is built.
 */
export async function runBuild(
  call: BuildCall,
  build: Engine['build'],
  { stdout, stderr }: BuildStreams,
  { superseded, ahead }: BuildCourse = {},
): Promise<BuildEnd> {
  if (call.toStdout && stdout.isTTY) {
    throw new CliError('E_STDOUT_IS_TERMINAL', 'an archive is not written to a terminal', {
      hint: 'redirect standard output, or name a file: dest=image.tar',
    });
  }
  const files = writtenFiles(call);
  const digestFiles = files.length > 0 ? await import('./digest-file.js') : undefined;
  await digestFiles?.requireWritable(files, call.options.cwd);
  const mode = resolveMode(call.progress, stderr, process.env);
  const load = call.load === undefined ? undefined : await prepareLoad(call.load, call.options.env);
  const tally = new BuildTally();
  const renderer = await createRenderer(mode, stderr, tally);
  const interruption = watchInterruption(() => renderer.interrupting());
  const signal = superseded ? AbortSignal.any([interruption.signal, superseded]) : interruption.signal;
  try {
    const outputs = [...(call.options.outputs ?? []), ...(load === undefined ? [] : [load.output])];
    const built = await build(
      { ...call.options, outputs },
      { onEvent: event => renderer.event(event, tally.observe(event)), signal, ahead },
    );
    const result = load === undefined ? built : await load.send(built, signal);
    await digestFiles?.writeDigestFiles(call.digestFiles, result, call.options.cwd);
    renderer.succeeded(result);
    const inSummary = stdout.isTTY && (mode === 'tty' || mode === 'plain');
    if (!call.toStdout && !inSummary) stdout.write(`${result.digest}\n`);
    return { exitCode: exitCodes.done, digest: result.digest };
  } catch (error) {
    const { by } = interruption;
    if (by === undefined && superseded?.aborted) {
      renderer.superseded();
      return { exitCode: exitCodes.failed };
    }
    const report = reportOf(error, {
      debug: isDebugging(process.env),
      ...(by === undefined ? {} : { interruptedBy: by }),
    });
    const complete = withOutput(await withSource(report, call.options.cwd), tally);
    renderer.failed(complete);
    return { exitCode: complete.exitCode };
  } finally {
    interruption[Symbol.dispose]();
    await load?.[Symbol.asyncDispose]();
  }
}

/** The files that a build ends with. */
function writtenFiles({ digestFiles, options }: BuildCall): readonly NamedFile[] {
  const named = {
    '--digest-file': digestFiles.digest,
    '--image-name-with-digest-file': digestFiles.names,
    '--metadata-file': options.metadataFile,
    '--iidfile': options.iidFile,
  };
  return Object.entries(named).flatMap(([flag, file]) => (file === undefined ? [] : [{ flag, file }]));
}

/** The report with the last lines of the step that failed, unless the build was stopped from outside. */
function withOutput(report: ErrorReport, tally: BuildTally): ErrorReport {
  const step = tally.failure;
  if (step === undefined || step.lastLines.length === 0 || report.code === 'E_INTERRUPTED') return report;
  return { ...report, output: { label: step.label, lines: step.lastLines } };
}
