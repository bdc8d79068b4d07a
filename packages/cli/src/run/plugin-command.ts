import { writeFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { bundledPluginNames } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, listOf } from '../flags/flag-spec.js';
import { pluginListFlags } from '../flags/other-flags.js';
import { Problems } from '../options/problems.js';
import { parsePlugin } from '../options/provider.js';
import { showTable } from '../show/table.js';
import { oneLine } from '../terminal/sanitize.js';
import { pluginTemplate } from './plugin-template.js';
import { settle } from './settings.js';

/** `varve plugin list`; `version` is that of varve and of what comes with it. Resolves with the exit code. */
export async function pluginListCommand(given: FlagValues, version: string): Promise<number> {
  const { flags, surroundings } = await settle(given, pluginListFlags);
  const problems = new Problems();
  const plugins = problems.attemptAll('--plugin', listOf(flags, 'plugin'), parsePlugin);
  problems.throwIfAny();
  const named = await (await fromEngine('listPlugins'))({ plugins, cwd: surroundings.cwd });
  const bundled = bundledPluginNames().map(([name, provides]) => ({ name, version, provides, hooks: [] }));
  const rows = [...named, ...bundled];
  process.stdout.write(isOn(flags, 'json') ? `${JSON.stringify(rows, undefined, 2)}\n` : pluginTable(rows));
  return exitCodes.done;
}

interface ShownPlugin {
  readonly name: string;
  readonly version: string;
  /** Absent for what comes with varve. */
  readonly file?: string;
  readonly provides: readonly { readonly slot: string; readonly id: string }[];
  readonly hooks: readonly string[];
}

function pluginTable(rows: readonly ShownPlugin[]): string {
  const cells = rows.map(({ name, version, file, provides, hooks }) => {
    const brings = [...provides.map(({ slot, id }) => `${slot} ${id}`), ...hooks.map(hook => `hook ${hook}`)];
    return [oneLine(name), oneLine(version), oneLine(brings.join(', ')), oneLine(file ?? 'comes with varve')];
  });
  return showTable([{ title: 'NAME' }, { title: 'VERSION' }, { title: 'BRINGS' }, { title: 'FROM' }], cells);
}

/** `varve plugin create FILE`. Resolves with the exit code. Errors: `E_PLUGIN_FILE`. */
export async function pluginCreateCommand(file: string): Promise<number> {
  const path = resolve(file);
  const name = basename(path, extname(path));
  // The name stands in the file too, in places where not every character may.
  if (!['.js', '.mjs'].includes(extname(path)) || !/^[\w.-]+$/.test(name))
    throw new CliError('E_USAGE', `${file} is not the name of a JavaScript file`, { hint: 'such as policy.js' });
  try {
    writeFileSync(path, pluginTemplate(name), { flag: 'wx' });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there' : (cause as Error).message;
    throw new CliError('E_PLUGIN_FILE', `${file} was not written: ${reason}`, { cause });
  }
  process.stdout.write(`${file} is a plugin now: varve build . --plugin ${path}\n`);
  return exitCodes.done;
}
