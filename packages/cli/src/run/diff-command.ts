import type { FileDifference, ImageDifference } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import { diffFlags } from '../flags/other-flags.js';
import { Problems } from '../options/problems.js';
import { registrySettings } from '../options/registries.js';
import { type Paint, paint, wantsColour } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { watchInterruption } from './interrupt.js';
import { settle } from './settings.js';

/** `varve diff A B`: what differs goes to standard output. Resolves with the exit code. */
export async function diffCommand(a: string, b: string, given: FlagValues): Promise<number> {
  const { flags, store, surroundings } = await settle(given, diffFlags);
  const problems = new Problems();
  const registries = registrySettings(flags, surroundings.cwd, problems);
  problems.throwIfAny();
  await requireCertificateFiles(registries);
  const diffImages = await fromEngine('diffImages');
  const interruption = watchInterruption(() => undefined);
  const platform = textOf(flags, 'platform');
  try {
    const difference = await diffImages(a, b, {
      store,
      cwd: surroundings.cwd,
      env: surroundings.env,
      ...(platform === undefined ? {} : { platform }),
      registries,
      bundled: bundledPlugins(),
      signal: interruption.signal,
    });
    const colours = paint(wantsColour(process.stdout, process.env));
    const json = isOn(flags, 'json');
    process.stdout.write(json ? `${JSON.stringify(difference, undefined, 2)}\n` : diffText(difference, colours));
    const same = difference.config.length + difference.files.length === 0;
    return same || !isOn(flags, 'exit-code') ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted(interruption.by);
  } finally {
    interruption[Symbol.dispose]();
  }
}

/** What differs: `+` for what only the second image has, `-` for what only the first one has, `~` for what changed. */
function diffText({ config, files }: ImageDifference, colours: Paint): string {
  if (config.length + files.length === 0) return 'no difference\n';
  const lines = [
    ...config.map(({ name, was, is }) => `${colours.yellow('~')} image ${name}: ${change(was, is)}`),
    ...files.map(file => fileLine(file, colours)),
    '',
    countText(config.length, files),
  ];
  return `${lines.join('\n')}\n`;
}

function fileLine({ path, kind, facts }: FileDifference, colours: Paint): string {
  const name = `/${oneLine(path)}`;
  if (kind === 'added')
    return `${colours.green('+')} ${name}${said(facts.map(fact => `${fact.name} ${shown(fact.is)}`))}`;
  if (kind === 'removed')
    return `${colours.red('-')} ${name}${said(facts.map(fact => `${fact.name} ${shown(fact.was)}`))}`;
  return `${colours.yellow('~')} ${name}${said(facts.map(fact => `${fact.name} ${change(fact.was, fact.is)}`))}`;
}

function change(was: string | undefined, is: string | undefined): string {
  return `${shown(was)} -> ${shown(is)}`;
}

/** A value in one line, digests by their beginning. */
function shown(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return oneLine(value).replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, '$1');
}

function said(facts: readonly string[]): string {
  return facts.length === 0 ? '' : `  ${facts.map(oneLine).join(', ')}`;
}

function countText(config: number, files: readonly FileDifference[]): string {
  const count = (kind: FileDifference['kind']): number => files.filter(file => file.kind === kind).length;
  const fields = config === 1 ? '1 field' : `${config} fields`;
  return `files: ${count('added')} added, ${count('removed')} removed, ${count('changed')} changed; configuration: ${fields} changed`;
}
