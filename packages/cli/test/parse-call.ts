import { parse } from '@oclif/core/parser';
import Build from '../src/commands/build.js';
import { parseFailure } from '../src/errors/parse-failure.js';
import { buildFlags } from '../src/flags/build-flags.js';
import type { FlagValues } from '../src/flags/flag-spec.js';
import { takeSwitchValues } from '../src/flags/switch-values.js';
import { type BuildCall, buildCall } from '../src/options/build-options.js';

/** What `varve build ARGV` asks for, by the same steps as the command takes them. */
export async function parseBuild(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<BuildCall> {
  const taken = takeSwitchValues(argv, buildFlags);
  const input: Parameters<typeof parse>[1] = { flags: Build.flags, args: Build.args, strict: true };
  const parsed = await parse([...taken.argv], input).catch((error: unknown) => {
    throw parseFailure(error, buildFlags, 'build');
  });
  const flags: FlagValues = { ...(parsed.flags as FlagValues), ...taken.values };
  const context = (parsed.args as { readonly context?: string }).context ?? '.';
  return buildCall(flags, context, { env, cwd: '/work', defaultStore: '/store' });
}
