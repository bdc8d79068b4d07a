import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { buildFlags } from '../flags/build-flags.js';
import type { FlagValues } from '../flags/flag-spec.js';
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
  const options = { ...call.options, store, bundled: bundledPlugins() };
  const build = await fromEngine('build');
  const streams = { stdout: streamOutput(process.stdout), stderr: streamOutput(process.stderr) };
  return await runBuild({ ...call, options }, build, streams);
}

/** `--watch`. Errors: `E_NOT_SUPPORTED`. */
export function refuseWatch(): never {
  throw new CliError('E_NOT_SUPPORTED', '--watch is not supported by this version', {
    hint: 'run varve build again after a change',
  });
}
