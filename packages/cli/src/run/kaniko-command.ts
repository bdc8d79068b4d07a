import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { BuildEvent, BuildOptions } from '@varve/engine';
import { formatRepository, parseReference, withDefaultTag } from '@varve/oci';
import { bundledPlugins } from '../bundled-plugins.js';
import { type Engine, fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { buildFlags } from '../flags/build-flags.js';
import type { FlagValues } from '../flags/flag-spec.js';
import { type KanikoCall, kanikoCall } from '../kaniko/kaniko-call.js';
import { type BuildCall, buildCall } from '../options/build-options.js';
import { streamOutput } from '../terminal/output.js';
import { type BuildEnd, runBuild } from './build-run.js';
import { requireCertificateFiles } from './certificate-files.js';
import { requireWritable, writeLines } from './digest-file.js';
import { planTable } from './plan-command.js';
import { settle } from './settings.js';

/** `varve kaniko`: a build, called as kaniko's executor is. Resolves with the exit code. Errors: those of a wrong call. */
export async function kanikoCommand(given: FlagValues): Promise<number> {
  const cwd = process.cwd();
  const kaniko = kanikoCall(given, { env: process.env, cwd, exists: existsSync });
  const { flags, store, surroundings } = await settle(kaniko.flags, buildFlags, kaniko.context);
  const call = buildCall(flags, kaniko.context, { ...surroundings, env: { ...surroundings.env, ...kaniko.env } });
  await requireCertificateFiles(call.options.registries ?? {});
  const options = optionsOf(call, kaniko, store);
  const build = noting(await fromEngine('build'), kaniko);
  const streams = { stdout: streamOutput(process.stdout), stderr: streamOutput(process.stderr) };
  if (kaniko.planOnly) {
    const { steps } = await (await fromEngine('planBuild'))(options, {});
    streams.stdout.write(planTable(steps));
    return exitCodes.done;
  }
  await makeFolders(call, kaniko, cwd);
  const end = await runBuild({ ...call, options }, build, streams);
  await writeNames(kaniko, end, cwd);
  return end.exitCode;
}

function optionsOf({ options }: BuildCall, kaniko: KanikoCall, store: string): BuildOptions {
  const { registries = {}, cwd } = options;
  const { insecure, skipTlsVerify } = kaniko.every;
  return {
    ...options,
    store,
    bundled: bundledPlugins(),
    // Users of kaniko mount their credentials: they are told, and the build goes on.
    allow: [...(options.allow ?? []), 'inplace-secrets'],
    ...(kaniko.contextFolder === undefined ? {} : { contextFolder: kaniko.contextFolder }),
    ignoredPaths: kaniko.ignoredPaths,
    layerLayouts: kaniko.layerLayouts.map(dir => resolve(cwd, dir)),
    registries: {
      ...registries,
      insecure: [...(registries.insecure ?? []), ...(insecure ? ['*'] : [])],
      skipTlsVerify: [...(registries.skipTlsVerify ?? []), ...(skipTlsVerify ? ['*'] : [])],
    },
  };
}

/** The same build, whose first words are what there is to say of flags. */
function noting(build: Engine['build'], { notes }: KanikoCall): Engine['build'] {
  return (options, run = {}) =>
    build(options, {
      ...run,
      onEvent(event) {
        run.onEvent?.(event);
        if (event.type === 'buildStarted') for (const note of notes) run.onEvent?.(warningOf(note, event.time));
      },
    });
}

function warningOf(note: KanikoCall['notes'][number], time: number): BuildEvent {
  return { type: 'warning', time, code: 'W_FLAG_UNUSED', ...note };
}

/** kaniko makes the folders of the files that it writes. */
async function makeFolders({ digestFiles }: BuildCall, { nameFiles }: KanikoCall, cwd: string): Promise<void> {
  const files = [digestFiles.digest, ...nameFiles.map(({ file }) => file)].filter(file => file !== undefined);
  for (const file of files) await mkdir(dirname(resolve(cwd, file)), { recursive: true }).catch(() => undefined);
  await requireWritable(nameFiles, cwd);
}

/** The lines of kaniko: a whole name with its digest each, ended as lines are. Docker Hub has the name that kaniko gives it. */
async function writeNames({ nameFiles, destinations }: KanikoCall, { digest }: BuildEnd, cwd: string): Promise<void> {
  if (digest === undefined) return;
  for (const { flag, file, tags } of nameFiles) {
    const lines = destinations.map(destination => {
      const reference = withDefaultTag(parseReference(destination));
      const name = formatRepository(reference).replace(/^docker\.io\//, 'index.docker.io/');
      return `${name}${tags ? `:${reference.tag}` : ''}@${digest}`;
    });
    await writeLines({ flag, file }, cwd, [...lines, '']);
  }
}
