import { type Dockerfile, expandWord, type Instruction, nearest, type Stage, type Word } from '@varve/dockerfile';
import { type Platform, parsePlatform } from '@varve/oci';
import { type ErrorPlace, VarveError } from '../model/error.js';
import { fromWords } from '../model/from-words.js';
import type { BuildGraph, GraphStage, ResolvedImage, SourceRef } from '../model/graph.js';
import { inRange, placeOf, withPlace } from '../model/place.js';
import { contextBase } from './context-base.js';
import { imageRef, lookingUp } from './meant-stage.js';
import { type NamedContext, namedSource } from './named-contexts.js';
import type { GlobalScope } from './scope.js';
import { triggersOf } from './triggers.js';

export interface GraphInput {
  readonly file: Dockerfile;
  readonly scope: GlobalScope;
  readonly contexts: ReadonlyMap<string, NamedContext>;
  readonly platform: Platform;
  /** Name or number of the stage to build; the last one when absent. */
  readonly target?: string;
  /** Stages that the target does not need are in the graph too. */
  readonly everyStage?: boolean;
  /** Looks an image up, without its layers' bytes. */
  resolveImage(reference: string, platform: Platform): Promise<ResolvedImage>;
}

/**
 * The stages that the target may need, with their bases looked up and the ONBUILD triggers of these in place. Stages that nothing
 * needs are not looked at, unless `everyStage` says so.
 *
 * Errors, each with its line: `E_STAGE_UNKNOWN`, `E_BASE_INVALID`, `E_STAGE_ORDER`, `E_TRIGGER_INVALID`, and those of the registry.
 */
export async function buildGraph(input: GraphInput): Promise<BuildGraph> {
  const target = findTarget(input);
  const stages = new Map<number, Promise<GraphStage>>();
  const visit = (index: number): Promise<GraphStage> => {
    const known = stages.get(index) ?? resolveStage(input, index, visit);
    stages.set(index, known);
    return known;
  };
  await visit(target);
  if (input.everyStage) await Promise.all(input.file.stages.map(stage => visit(stage.index)));
  const ordered = (await Promise.all(stages.values())).sort((a, b) => a.index - b.index);
  return { stages: ordered, target };
}

function findTarget({ file, target }: GraphInput): number {
  const last = file.stages.length - 1;
  if (target === undefined || target === '') return last;
  const named = file.stages.findLast(stage => stage.name === target.toLowerCase());
  if (named) return named.index;
  if (/^\d+$/.test(target) && Number(target) <= last) return Number(target);
  const names = file.stages.flatMap(stage => (stage.name ? [stage.name] : []));
  throw new VarveError('E_STAGE_UNKNOWN', `there is no stage "${target}" in ${file.file}`, {
    hint: nameHint(target, names),
  });
}

async function resolveStage(
  input: GraphInput,
  index: number,
  visit: (index: number) => Promise<GraphStage>,
): Promise<GraphStage> {
  const source = input.file.stages[index] as Stage;
  const found = await inRange(source.from.image.range, () => findBase(input, source));
  const { platform, replaces } = found;
  const files = found.base.kind === 'context' ? contextBase(source, found.base) : undefined;
  const base: SourceRef = files ? { kind: 'scratch' } : found.base;
  const inherited = base.kind === 'stage' ? await visit(base.index) : undefined;
  const image =
    base.kind === 'image'
      ? await inRange(source.from.image.range, () =>
          lookingUp(base, () => input.resolveImage(base.reference, platform)),
        )
      : inherited?.image;
  const triggers = replaces ? [] : await inRange(source.from.image.range, () => triggersOf(inherited, image, source));
  const first = [...(files ? [files.instruction] : []), ...triggers];
  const own = replaces ? [] : source.instructions;
  const froms = sourcesOf(input, index, [...triggers, ...own]);
  if (files) froms.set(files.from, files.ref);
  const needs = new Set([...froms.values()].flatMap(ref => (ref.kind === 'stage' ? [ref.index] : [])));
  if (base.kind === 'stage') needs.add(base.index);
  await Promise.all([...needs].map(visit));
  return {
    index,
    label: source.name ?? (input.file.stages.length > 1 ? `stage-${index}` : ''),
    source,
    platform: inherited?.platform ?? platform,
    base,
    ...(image ? { image } : {}),
    ...(files ? { contextBase: files.ref.name } : {}),
    instructions: [...first, ...own],
    triggers: first.length,
    froms,
    needs: [...needs].sort((a, b) => a - b),
  };
}

interface FoundBase {
  readonly base: SourceRef;
  readonly platform: Platform;
  /** A named context with the stage's own name stands for the whole stage: nothing of it is carried out. */
  readonly replaces: boolean;
}

function findBase(input: GraphInput, stage: Stage): FoundBase {
  const { image, platform: platformWord } = stage.from;
  const name = expandGlobal(input, image);
  if (name === '')
    throw new VarveError(
      'E_BASE_INVALID',
      `the base "${image.value}" of this stage is empty once its variables are expanded`,
      unsetHint(image),
    );
  const platform = platformWord ? expandedPlatform(input, platformWord) : input.platform;
  const where = placeOf(image.range);
  const target = (name: string): SourceRef => targetStage(input, stage.index, name, where);
  const own = stage.name && namedSource(input.contexts, stage.name, target);
  if (own) return { base: own, platform, replaces: true };
  const found = (base: SourceRef): FoundBase => ({ base, platform, replaces: false });
  // As in BuildKit, a FROM in capitals names no stage, whose names are lower case; a `--from` does.
  const earlier = input.file.stages.findLast(other => other.index < stage.index && other.name === name);
  if (earlier) return found({ kind: 'stage', index: earlier.index });
  // Nothing has no platform: what is built on it is for the build's, whatever --platform says.
  if (name === 'scratch') return { base: { kind: 'scratch' }, platform: input.platform, replaces: false };
  return found(namedSource(input.contexts, name, target) ?? imageRef(name, input.file.stages.slice(0, stage.index)));
}

/** The stage that a context `target:NAME` stands for. */
function targetStage({ file }: GraphInput, index: number, name: string, where: ErrorPlace): SourceRef {
  const wanted = file.stages.findLast(stage => stage.name === name.toLowerCase());
  if (wanted === undefined)
    throw new VarveError('E_STAGE_UNKNOWN', `there is no stage "${name}" for the context target:${name}`, {
      hint: nameHint(
        name,
        file.stages.flatMap(stage => stage.name ?? []),
      ),
      where,
    });
  return stageAbove(wanted.index, index, name, where);
}

function expandedPlatform(input: GraphInput, word: Word): Platform {
  const text = expandGlobal(input, word);
  if (text === '')
    throw new VarveError(
      'E_BASE_INVALID',
      `the platform "${word.value}" is empty once its variables are expanded`,
      unsetHint(word),
    );
  try {
    return parsePlatform(text);
  } catch (error) {
    throw withPlace(error, word.range);
  }
}

function expandGlobal({ file, scope }: GraphInput, word: Word): string {
  return expandWord(word.value, name => scope.globals.get(name), { escape: file.directives.escape });
}

function unsetHint(word: Word): { hint: string; where: ReturnType<typeof placeOf> } {
  return {
    hint: 'declare the argument with ARG before the first FROM and give it a default, or pass it with --build-arg',
    where: placeOf(word.range),
  };
}

/** What every `--from` of a stage's instructions names. */
function sourcesOf(input: GraphInput, index: number, instructions: readonly Instruction[]): Map<string, SourceRef> {
  const froms = new Map<string, SourceRef>();
  for (const instruction of instructions)
    for (const word of fromWords(instruction))
      froms.set(word.value, findSource(input, index, word, instruction.keyword === 'COPY'));
  return froms;
}

/** As in BuildKit, `COPY --from` alone knows stages by number; a mount would take one for the name of an image. */
function findSource(input: GraphInput, index: number, word: Word, knowsNumbers: boolean): SourceRef {
  const { file, contexts } = input;
  const name = word.value.toLowerCase();
  const where = placeOf(word.range);
  const named =
    file.stages.findLast(stage => stage.name === name && stage.index < index) ??
    file.stages.find(stage => stage.name === name);
  const number = /^[+-]?\d+$/.test(word.value) ? Number(word.value) : undefined;
  if (named === undefined && number !== undefined && !knowsNumbers)
    throw new VarveError('E_STAGE_UNKNOWN', `there is no stage of the name "${word.value}"`, {
      hint: 'RUN --mount knows stages by their names alone: give the stage one with FROM … AS NAME',
      where,
    });
  const stage = named?.index ?? number;
  if (stage === undefined) {
    if (word.value === 'scratch') return { kind: 'scratch' };
    const context = namedSource(contexts, word.value, target => targetStage(input, index, target, where));
    return context ?? imageRef(word.value, file.stages.slice(0, index));
  }
  if (stage < 0 || stage >= file.stages.length)
    throw new VarveError(
      'E_STAGE_UNKNOWN',
      `there is no stage ${stage}; the stages are numbered from 0 to ${file.stages.length - 1}`,
      { where },
    );
  return stageAbove(stage, index, word.value, where);
}

function stageAbove(stage: number, index: number, name: string, where: ErrorPlace): SourceRef {
  if (stage < index) return { kind: 'stage', index: stage };
  throw new VarveError(
    'E_STAGE_ORDER',
    `stage "${name}" is not finished here: files can only be taken from a stage above`,
    {
      hint: stage === index ? 'a stage cannot copy from itself' : 'move the other stage above this one',
      where,
    },
  );
}

function nameHint(word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  if (near) return `did you mean "${near}"?`;
  return names.length > 0
    ? `the stages are ${names.join(', ')}`
    : 'no stage of this file has a name: give it one with FROM … AS NAME';
}
