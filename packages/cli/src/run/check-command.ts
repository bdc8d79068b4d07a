import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { checkBuild } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { excerptLines } from '../errors/excerpt.js';
import { reportOf } from '../errors/report.js';
import { exitCodes } from '../exit-codes.js';
import { buildFlags } from '../flags/build-flags.js';
import type { FlagValues } from '../flags/flag-spec.js';
import { buildCall } from '../options/build-options.js';
import { type Paint, paint, wantsColour } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { watchInterruption } from './interrupt.js';
import { settle } from './settings.js';

type Finding = Awaited<ReturnType<typeof checkBuild>>['warnings'][number];

/**
 * `varve build --check`: what the linter says, on standard output; nothing is built. Resolves with the exit code: 1 where the file's check
 * directive makes a finding an error. What keeps the file from being built is thrown after the findings are printed.
 */
export async function checkCommand(given: FlagValues, context: string): Promise<number> {
  const { flags, store, surroundings } = await settle(given, buildFlags, context);
  const call = buildCall(flags, context, surroundings);
  await requireCertificateFiles(call.options.registries ?? {});
  const checkBuild = await fromEngine('checkBuild');
  const interruption = watchInterruption(() => undefined);
  try {
    const options = { ...call.options, store, bundled: bundledPlugins() };
    const { warnings, error } = await checkBuild(options, { signal: interruption.signal }).catch(noFindings);
    if (interruption.by !== undefined) return exitCodes.interrupted(interruption.by);
    if (call.progress === 'json') process.stdout.write(jsonOf(warnings, error));
    else if (error === undefined || warnings.length > 0) process.stdout.write(await textOf(warnings, surroundings.cwd));
    if (error !== undefined) throw error;
    return warnings.some(finding => finding.level === 'error') ? exitCodes.failed : exitCodes.done;
  } finally {
    interruption[Symbol.dispose]();
  }
}

function noFindings(error: unknown): { readonly warnings: readonly Finding[]; readonly error: unknown } {
  return { warnings: [], error };
}

function jsonOf(findings: readonly Finding[], error: unknown): string {
  const warnings = findings.map(({ rule, level, description, url, message, range }) => ({
    rule,
    level,
    message,
    description,
    ...(url === undefined ? {} : { url }),
    where: {
      file: range.file,
      line: range.start.line,
      column: range.start.column,
      endLine: range.end.line,
      endColumn: range.end.column,
    },
  }));
  if (error === undefined) return `${JSON.stringify({ warnings }, undefined, 2)}\n`;
  const { code, message, hint, where } = reportOf(error, { debug: false });
  return `${JSON.stringify({ warnings, error: { code, message, hint, where } }, undefined, 2)}\n`;
}

async function textOf(findings: readonly Finding[], cwd: string): Promise<string> {
  const colours = paint(wantsColour(process.stdout, process.env));
  const sources = new Map<string, readonly string[]>();
  for (const { range } of findings)
    if (!sources.has(range.file)) sources.set(range.file, await linesOf(resolve(cwd, range.file)));
  const blocks = findings.map(finding => blockOf(finding, sources.get(finding.range.file) ?? [], colours));
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return `${[...blocks, findings.length === 0 ? 'The linter found nothing.' : `The linter has ${count}.`].join('\n\n')}\n`;
}

function blockOf(
  { rule, level, message, description, url, range }: Finding,
  source: readonly string[],
  colours: Paint,
): string {
  const { start, end } = range;
  const where = { file: range.file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
  const title = `${level === 'error' ? colours.red('error') : colours.yellow('warning')}: ${rule}: ${oneLine(message)}`;
  const explained = url === undefined ? description : `${description} (${url})`;
  return [
    title,
    `  at ${range.file}:${start.line}:${start.column}`,
    ...excerptLines(source, where, colours),
    `  ${explained}`,
  ].join('\n');
}

/** A Dockerfile that came by standard input has no lines to show. */
async function linesOf(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/);
  } catch {
    return [];
  }
}
