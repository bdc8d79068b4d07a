import type { Dockerfile, Stage } from '../dockerfile.js';
import { DockerfileError } from '../errors.js';
import { platformArgNames, resolveArgs } from '../expand/args.js';
import { type ExpandOptions, expandInPlace, type Lookup } from '../expand/expand.js';
import { expandInstruction } from '../expand/instruction.js';
import type { Instruction } from '../instruction.js';
import { parseTrigger } from '../parse.js';
import { readPlatform } from '../platform.js';
import type { SourceRange } from '../source.js';
import type { BaseFacts, GlobalView, LintFacts, LintView, StageView, UnsetUse } from './rule.js';

/** What a stage hands on to those that begin with it. */
interface StageEnd {
  /** Undefined when the base image is not known. */
  readonly env: Map<string, string> | undefined;
  readonly declared: ReadonlySet<string>;
  readonly shell: boolean;
  readonly workdir: boolean;
}

const defaultPlatform = 'linux/amd64';
/** ARG gives these a value that expansion does not see, and that nobody misses. */
const neverExpanded = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

/** Follows the file once, as a build would, and notes what rules need. */
export function viewOf(file: Dockerfile, facts: LintFacts): LintView {
  const expansion: ExpandOptions = { escape: file.directives.escape };
  const globals = globalsOf(file, facts, expansion);
  const ends: StageEnd[] = [];
  const stages: StageView[] = [];
  const byName = new Map<string, number>();
  for (const stage of file.stages) {
    const { view, end } = followStage({
      file,
      stage,
      facts,
      globals,
      expansion,
      ends,
      parent: parentOf(stage, { globals, expansion, byName }),
    });
    ends.push(end);
    if (stage.name !== undefined) byName.set(stage.name, stage.index);
    if (facts.stages?.has(stage.index) ?? true) stages.push(view);
  }
  return { file, facts, globals, stages, expansion };
}

function globalsOf(file: Dockerfile, facts: LintFacts, expansion: ExpandOptions): GlobalView {
  const declared = new Set(file.metaArgs.flatMap(instruction => instruction.args.map(arg => arg.name)));
  const given = facts.buildArgs ?? {};
  const predefined = platformArgs(facts, file.stages.at(-1)?.name ?? 'default');
  const resolve = (buildArg: Lookup): Map<string, string> => {
    const values = new Map(predefined);
    for (const instruction of file.metaArgs) {
      const scope = { environment: (name: string) => values.get(name), buildArg };
      for (const { name, value } of resolveArgs(instruction, scope, expansion)) {
        if (value !== undefined) values.set(name, value);
      }
    }
    return values;
  };
  const attempt = (buildArg: Lookup): Map<string, string> | undefined => {
    try {
      return resolve(buildArg);
    } catch (error) {
      if (error instanceof DockerfileError) return undefined;
      throw error;
    }
  };
  return {
    values: attempt(name => (Object.hasOwn(given, name) ? given[name] : undefined)) ?? predefined,
    defaults: attempt(() => undefined),
    declared,
    metaArgs: file.metaArgs,
  };
}

function platformArgs(facts: LintFacts, lastStage: string): Map<string, string> {
  const values = new Map<string, string>(platformArgNames.map(name => [name, '']));
  for (const [prefix, platform] of [
    ['TARGET', facts.targetPlatform],
    ['BUILD', facts.buildPlatform],
  ] as const) {
    const text = platform ?? defaultPlatform;
    const parts = readPlatform(text);
    values.set(`${prefix}PLATFORM`, text);
    values.set(`${prefix}OS`, parts?.os ?? '');
    values.set(`${prefix}ARCH`, parts?.architecture ?? '');
    values.set(`${prefix}VARIANT`, parts?.variant ?? '');
  }
  values.set('TARGETSTAGE', facts.targetStage ?? lastStage);
  const given = facts.buildArgs ?? {};
  for (const name of platformArgNames) if (Object.hasOwn(given, name)) values.set(name, given[name] ?? '');
  return values;
}

interface StageNames {
  readonly globals: GlobalView;
  readonly expansion: ExpandOptions;
  readonly byName: ReadonlyMap<string, number>;
}

function parentOf(stage: Stage, { globals, expansion, byName }: StageNames): number | undefined {
  try {
    return byName.get(expandInPlace(stage.from.image, name => globals.values.get(name), expansion).value);
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

interface StageJob {
  readonly file: Dockerfile;
  readonly stage: Stage;
  readonly facts: LintFacts;
  readonly globals: GlobalView;
  readonly expansion: ExpandOptions;
  readonly ends: readonly StageEnd[];
  readonly parent: number | undefined;
}

function followStage(job: StageJob): { readonly view: StageView; readonly end: StageEnd } {
  const { stage, ends, parent } = job;
  const above = parent === undefined ? undefined : ends[parent];
  const base = above === undefined ? baseOf(job) : undefined;
  const known = above === undefined ? base?.env : above.env && Object.fromEntries(above.env);
  const env = new Map(Object.entries({ PATH: '/bin', ...known }));
  const declared = new Set(above?.declared);
  const unset: UnsetUse[] = [];
  const triggers = triggersOf(job, base);
  const expanded: Instruction[] = [];
  // what triggers do counts, what is wrong with them belongs to another file
  for (const trigger of triggers) followInstruction(trigger, { job, env, declared, note: () => undefined });
  for (const instruction of stage.instructions) {
    const note = (name: string, range: SourceRange): void => {
      if (known === undefined || declared.has(name) || neverExpanded.has(name)) return;
      if (unset.some(use => use.instruction === instruction && use.name === name)) return;
      unset.push({ name, range, instruction, known: [...env.keys()] });
    };
    const result = followInstruction(instruction, { job, env, declared, note });
    if (result !== undefined) expanded.push(result);
  }
  const has = (keyword: Instruction['keyword'], list = stage.instructions): boolean =>
    list.some(one => one.keyword === keyword);
  const inheritsShell = (above?.shell ?? (base?.shell ?? []).length > 0) || has('SHELL', triggers);
  const inheritsWorkdir = (above?.workdir ?? false) || has('WORKDIR', triggers);
  return {
    view: { stage, parent, base, inheritsShell, inheritsWorkdir, unset, expanded },
    end: {
      env: known === undefined ? undefined : env,
      declared,
      shell: inheritsShell || has('SHELL'),
      workdir: inheritsWorkdir || has('WORKDIR'),
    },
  };
}

/** The ONBUILD triggers that run at the beginning of a stage. */
function triggersOf({ file, parent }: StageJob, base: BaseFacts | undefined): readonly Instruction[] {
  if (parent === undefined) return (base?.onbuild ?? []).flatMap(readTrigger);
  const above = file.stages[parent]?.instructions ?? [];
  return above.flatMap(one => (one.keyword === 'ONBUILD' ? [one.trigger] : []));
}

function readTrigger(expression: string): readonly Instruction[] {
  try {
    return [parseTrigger(expression)];
  } catch (error) {
    if (error instanceof DockerfileError) return [];
    throw error;
  }
}

function baseOf({ stage, facts }: StageJob): BaseFacts | undefined {
  return stage.from.image.value === 'scratch' ? { env: {} } : facts.base?.(stage.index);
}

function endsBefore({ end }: SourceRange, { start }: SourceRange): boolean {
  return end.line < start.line || (end.line === start.line && end.column <= start.column);
}

interface Walk {
  readonly job: StageJob;
  readonly env: Map<string, string>;
  readonly declared: Set<string>;
  readonly note: (name: string, range: SourceRange) => void;
}

/** Expands one instruction and lets it change the environment; undefined when it does not expand. */
function followInstruction(instruction: Instruction, { job, env, declared, note }: Walk): Instruction | undefined {
  const lookup: Lookup = name => env.get(name);
  const { facts, globals, expansion } = job;
  try {
    if (instruction.keyword === 'ARG') {
      const given = facts.buildArgs ?? {};
      const scope = {
        environment: lookup,
        buildArg: (name: string) => (Object.hasOwn(given, name) ? given[name] : undefined),
        inherited: (name: string) => globals.values.get(name),
      };
      const onUnset: typeof note = (name, range) => {
        if (!instruction.args.some(arg => arg.name === name && endsBefore(arg.range, range))) note(name, range);
      };
      for (const { name, value } of resolveArgs(instruction, scope, { ...expansion, onUnset })) {
        declared.add(name);
        if (value !== undefined && !neverExpanded.has(name)) env.set(name, value);
      }
      return instruction;
    }
    const quiet = instruction.keyword === 'EXPOSE';
    const result = expandInstruction(instruction, lookup, quiet ? expansion : { ...expansion, onUnset: note });
    if (result.keyword === 'ENV') for (const { key, value } of result.entries) env.set(key.value, value.value);
    return result;
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}
