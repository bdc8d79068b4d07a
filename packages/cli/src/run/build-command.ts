import { startAhead } from '@varve/engine/ahead';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { buildFlags } from '../flags/build-flags.js';
import { type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import { buildCall } from '../options/build-options.js';
import { streamOutput } from '../terminal/output.js';
import { runBuild } from './build-run.js';
import { requireCertificateFiles } from './certificate-files.js';
import { settle } from './settings.js';

/** `varve build`. Resolves with the exit code. Errors: those of a wrong call. */
export async function buildCommand(given: FlagValues, context: string): Promise<number> {
  const { flags, store, surroundings } = await settle(given, buildFlags, context);
  const call = buildCall(flags, context, surroundings);
  await requireCertificateFiles(call.options.registries ?? {});
  const exec = textOf(flags, 'watch-exec');
  const isWatching = isOn(flags, 'watch');
  if (exec !== undefined && !isWatching)
    throw new CliError('E_BAD_FLAGS', '--watch-exec: it goes with --watch', { hint: 'add --watch' });
  const options = { ...call.options, store, bundled: bundledPlugins() };
  await using ahead = isWatching ? undefined : startAhead(options);
  const build = await fromEngine('build');
  const streams = { stdout: streamOutput(process.stdout), stderr: streamOutput(process.stderr) };
  if (!isWatching) return (await runBuild({ ...call, options }, build, streams, { ahead })).exitCode;
  const [{ watchBuilds }, { watchedPaths }] = await Promise.all([
    import('../watch/watch-builds.js'),
    import('../watch/watched-paths.js'),
  ]);
  const mode = call.progress === 'json' || call.progress === 'quiet' ? call.progress : 'text';
  return await watchBuilds({
    paths: watchedPaths(options, Object.values(call.digestFiles)),
    cwd: options.cwd,
    stderr: streams.stderr,
    mode,
    ...(exec === undefined ? {} : { exec }),
    build: superseded => runBuild({ ...call, options }, build, streams, { superseded }),
  });
}
