import { existsSync, readFileSync } from 'node:fs';
import { type BaseFacts, compileIgnore, type LintWarning, lint } from '@varve/dockerfile';
import { formatPlatform, hostPlatform, type Platform } from '@varve/oci';
import type { GlobalScope } from '../graph/scope.js';
import { VarveError } from '../model/error.js';
import type { BuildGraph } from '../model/graph.js';
import { placeOf } from '../model/place.js';
import type { BuildInputs } from './inputs.js';
import type { Session } from './session.js';

export interface LintedBuild {
  readonly session: Session;
  readonly inputs: BuildInputs;
  readonly platform: Platform;
}

/** What the linter finds in the stages of a graph, whose bases are known; without one in all stages, as far as the file alone tells. */
export function lintStages(
  { session, inputs, platform }: LintedBuild,
  scope: GlobalScope,
  graph?: BuildGraph,
): readonly LintWarning[] {
  const { options } = session;
  const ignoreFile = inputs.ignoreFiles.find(file => existsSync(file));
  const check = scope.given.get('BUILDKIT_DOCKERFILE_CHECK');
  return lint(inputs.file, {
    buildArgs: Object.fromEntries(scope.given),
    targetPlatform: formatPlatform(platform),
    buildPlatform: formatPlatform(hostPlatform()),
    ...(graph && {
      base: (stage: number) => baseFacts(graph, stage),
      stages: new Set(graph.stages.map(stage => stage.index)),
    }),
    ...(options.target === undefined ? {} : { targetStage: options.target }),
    ...(ignoreFile === undefined
      ? {}
      : { ignore: compileIgnore(readFileSync(ignoreFile, 'utf8'), { file: ignoreFile }) }),
    ...(check === undefined ? {} : { check }),
  });
}

function baseFacts(graph: BuildGraph, index: number): BaseFacts | undefined {
  const stage = graph.stages.find(known => known.index === index);
  const config = stage?.image?.config;
  if (!stage || !config || stage.base.kind === 'stage') return undefined;
  const env = (config.config?.Env ?? []).map(line => [
    line.split('=', 1)[0] as string,
    line.slice(line.indexOf('=') + 1),
  ]);
  const shell = config.config?.Shell;
  return {
    env: Object.fromEntries(env),
    platform: formatPlatform(stage.image.platform),
    ...(shell && shell.length > 0 ? { shell } : {}),
    onbuild: config.config?.OnBuild ?? [],
  };
}

/** Tells what the linter found; a file that asks for it (`# check=error=true`) fails. Errors: `E_LINT`. */
export function reportLint({ progress, told }: Session, warnings: readonly LintWarning[]): void {
  for (const { rule, message, url, range } of warnings) {
    const finding = JSON.stringify([rule, message, range]);
    if (told.has(finding)) continue;
    told.add(finding);
    progress.emit({
      type: 'warning',
      time: progress.elapsed(),
      code: rule,
      message,
      where: placeOf(range),
      ...(url ? { hint: url } : {}),
    });
  }
  const [first, ...more] = warnings.filter(warning => warning.level === 'error');
  if (!first) return;
  throw new VarveError(
    'E_LINT',
    `the file's check directive forbids what the linter found: ${first.rule}${more.length > 0 ? ` and ${more.length} more` : ''}`,
    {
      hint: 'mend it, or leave the rule out: # check=skip=RULE;error=true',
      where: placeOf(first.range),
    },
  );
}
