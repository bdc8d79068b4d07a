import { expandInstruction, type Instruction, type SourceRange } from '@varve/dockerfile';
import { frame, imageFilesKey, keyOf, keyVersion } from '../key/key.js';
import { fromWords } from '../model/from-words.js';
import type { BuildGraph, GraphStage, SourceRef, StepRef } from '../model/graph.js';
import type { CacheHit, CacheKey, KeyRecord } from '../model/key.js';
import { inRange } from '../model/place.js';
import type { Plan, PlannedStage, PlannedStep } from '../model/plan.js';
import type { StepDownload, StepInputs, StepSource, StepState } from '../model/step.js';
import type { InstructionHandler } from '../plugin/instruction.js';
import { type Inherited, initialState } from './initial-state.js';
import { stepLabels } from './labels.js';

export interface PlanInput {
  readonly graph: BuildGraph;
  /** What is the same for every step: arguments that were given, escape character, network, entitlements. */
  readonly common: Omit<StepState, 'config' | 'env' | 'args' | 'cmdSet'>;
  /** Fields of every key besides the step's own: a time clamp, a heuristic snapshotter's name. */
  readonly commonFields: Readonly<Record<string, string>>;
  handler(keyword: string): Promise<InstructionHandler>;
  /** Digest of what a source's patterns select in files whose content must be looked at; `filesKey` gives that of a stage. */
  digestSource(source: StepSource, filesKey: (stage: number) => string): Promise<string>;
  digestDownload(download: StepDownload): Promise<string>;
  /** What is known already and is not looked up: steps that turned out to be cached while the plan was being run. */
  readonly known?: ReadonlyMap<CacheKey, CacheHit | undefined>;
  /**
   * Asked once, with every key of the plan; again only for the keys of steps above one whose files another key stands for. Undefined: not to
   * be asked for.
   */
  lookUp(
    steps: readonly { readonly key: CacheKey; readonly record: KeyRecord }[],
  ): Promise<readonly (CacheHit | undefined)[]>;
}

interface DraftStep extends Omit<PlannedStep, 'action'> {
  readonly handler: InstructionHandler;
}
interface DraftStage {
  readonly stage: GraphStage;
  readonly steps: readonly DraftStep[];
  readonly end: Inherited;
  readonly filesKey: string;
}

/** What the caches answered for keys so far. */
type Found = ReadonlyMap<CacheKey, CacheHit | undefined>;

/**
 * Works out every step of every stage, its key, and what the caches have, before anything is run. Pure but for what it asks
 * its input. Errors carry the line of the instruction that they belong to.
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const found = new Map<CacheKey, CacheHit | undefined>(input.known);
  const once = { ...input, digestSource: digestedOnce(input.digestSource) };
  for (;;) {
    const drafts = new Map<number, DraftStage>();
    for (const stage of input.graph.stages) drafts.set(stage.index, await draftStage(once, stage, { drafts, found }));
    const unknown = [...drafts.values()]
      .flatMap(({ steps }) => steps.filter(hasKey))
      .filter(({ key }) => !found.has(key));
    const hits = unknown.length > 0 ? await input.lookUp(unknown) : [];
    for (const [index, { key }] of unknown.entries()) found.set(key, hits[index]);
    if (hits.some(hit => hit?.step.filesKey !== undefined)) continue;
    const stages = [...drafts.values()].map(draft => finishStage(draft, found));
    return { graph: input.graph, stages: markNeeded(stages, input.graph.target) };
  }
}

/** Files of contexts and images are looked at once, however often steps are worked out. Those of stages go by their keys. */
function digestedOnce(digest: PlanInput['digestSource']): PlanInput['digestSource'] {
  const known = new Map<string, Promise<string>>();
  return (source, filesKey) => {
    if (source.ref.kind === 'stage') return digest(source, filesKey);
    const name = JSON.stringify(source);
    const digested = known.get(name) ?? digest(source, filesKey);
    known.set(name, digested);
    return digested;
  };
}

function hasKey(step: DraftStep): step is DraftStep & { key: CacheKey; record: KeyRecord } {
  return step.key !== undefined;
}

async function draftStage(
  input: PlanInput,
  stage: GraphStage,
  { drafts, found }: Pick<DraftPosition, 'drafts'> & { readonly found: Found },
): Promise<DraftStage> {
  const base = stage.base.kind === 'stage' ? drafts.get(stage.base.index) : undefined;
  let state: StepState = { ...input.common, ...initialState(stage, base?.end), cmdSet: false };
  let filesKey = base?.filesKey ?? baseKey(stage);
  const steps: DraftStep[] = [];
  const refs = stepRefs(stage);
  for (const step of refs) {
    const draft = await inRange(step.range, () => draftStep(input, stage, step, { state, filesKey, drafts }));
    const { inputs } = draft;
    steps.push(draft);
    filesKey = filesAfter(draft, filesKey, found);
    state = {
      ...state,
      config: inputs.config,
      env: inputs.env ?? state.env,
      args: inputs.args ?? state.args,
      cmdSet: state.cmdSet || step.instruction.keyword === 'CMD',
    };
  }
  return { stage, steps, end: state, filesKey };
}

/** Identity of the files once a step is done. A step that does not depend on what is below it does not stand for it either. */
function filesAfter({ key, inputs }: DraftStep, below: string, found: Found): string {
  if (key === undefined) return below;
  const layer = found.get(key)?.step.filesKey ?? key;
  return inputs.onScratch ? keyOf({ version: keyVersion, kind: 'linked', fields: { files: below, layer } }) : layer;
}

function stepRefs(stage: GraphStage): readonly StepRef[] {
  const labels = stepLabels(stage);
  return stage.instructions.map((instruction, index) => ({
    stage: stage.index,
    index,
    instruction,
    // A trigger has no line of its own: it stands for the FROM that brought it.
    range: index < stage.triggers ? stage.source.from.range : instruction.range,
    label: labels[index] as string,
  }));
}

/** Where a plan has got to: what is known before the next step. */
interface DraftPosition {
  readonly state: StepState;
  readonly filesKey: string;
  readonly drafts: ReadonlyMap<number, DraftStage>;
}

async function draftStep(
  input: PlanInput,
  stage: GraphStage,
  step: StepRef,
  { state, filesKey, drafts }: DraftPosition,
): Promise<DraftStep> {
  const instruction = expand(step.instruction, state);
  const handler = await input.handler(instruction.keyword);
  const asWritten = handler.inputs(instruction, state);
  const inputs = withSources(asWritten, stage);
  const draft = { step, instruction, state, inputs, handler };
  if (inputs.effect === 'none') return draft;
  const keyOfStage = (index: number): string => (drafts.get(index) as DraftStage).filesKey;
  const sources = await Promise.all(
    (inputs.sources ?? []).map((source, index) =>
      inRange(sourceRange(step, asWritten.sources?.[index]?.ref), () => input.digestSource(source, keyOfStage)),
    ),
  );
  const downloads = await Promise.all((inputs.downloads ?? []).map(download => input.digestDownload(download)));
  const fields = {
    ...input.commonFields,
    ...inputs.fields,
    ...(inputs.onScratch ? {} : { files: filesKey }),
    platform: frame([stage.platform.os, stage.platform.architecture, stage.platform.variant ?? '']),
    ...(sources.length > 0 ? { sources: frame(sources) } : {}),
    ...(downloads.length > 0 ? { downloads: frame(downloads) } : {}),
  };
  const record: KeyRecord = { version: keyVersion, kind: instruction.keyword.toLowerCase(), fields };
  return { ...draft, record, key: keyOf(record), ...(sources.length > 0 ? { sourceDigests: sources } : {}) };
}

/** ARG expands its own defaults, one after the other; everything else sees the environment as it is before the line. */
function expand(instruction: Instruction, state: StepState): Instruction {
  if (instruction.keyword === 'ARG') return instruction;
  return expandInstruction(instruction, name => state.env.get(name), { escape: state.escape });
}

/** Puts what each `--from` means, which the graph found out, in the place of its text. */
function withSources(inputs: StepInputs, stage: GraphStage): StepInputs {
  if (!inputs.sources) return inputs;
  const sources = inputs.sources.map(source => ({
    ...source,
    ref: source.ref.kind === 'image' ? knownRef(stage, source.ref) : source.ref,
  }));
  return { ...inputs, sources };
}

/** The word that names a source, if there is one, or the whole instruction. */
function sourceRange({ instruction, range }: StepRef, ref: SourceRef | undefined): SourceRange {
  const word = fromWords(instruction).find(({ value }) => ref?.kind === 'image' && ref.reference === value);
  return word?.range ?? range;
}

function knownRef(stage: GraphStage, ref: SourceRef & { kind: 'image' }): SourceRef {
  return stage.froms.get(ref.reference) ?? ref;
}

/** Identity of the files a stage starts from: the contents of an image's layers decide, not its name or config. */
function baseKey(stage: GraphStage): string {
  if (!stage.image) return 'scratch';
  return imageFilesKey(stage.image.layers);
}

function finishStage(draft: DraftStage, found: Found): PlannedStage {
  const steps = draft.steps.map((step): PlannedStep => {
    const { handler: _handler, ...rest } = step;
    const hit = step.key === undefined ? undefined : found.get(step.key);
    if (step.inputs.effect === 'none') return { ...rest, action: 'config' };
    return hit ? { ...rest, action: 'reuse', cached: hit.step, cachedBy: hit.by } : { ...rest, action: 'run' };
  });
  return { stage: draft.stage, steps, config: draft.end.config, filesKey: draft.filesKey, needed: false };
}

/** A stage is needed when its layers are: for the target, for a stage based on it, or for a step that must run and reads from it. */
function markNeeded(stages: readonly PlannedStage[], target: number): readonly PlannedStage[] {
  const byIndex = new Map(stages.map(stage => [stage.stage.index, stage]));
  const needed = new Set<number>();
  const need = (index: number): void => {
    const planned = byIndex.get(index);
    if (!planned || needed.has(index)) return;
    needed.add(index);
    if (planned.stage.base.kind === 'stage') need(planned.stage.base.index);
    for (const step of planned.steps)
      if (step.action === 'run')
        for (const source of step.inputs.sources ?? []) if (source.ref.kind === 'stage') need(source.ref.index);
  };
  need(target);
  return stages.map(planned => ({ ...planned, needed: needed.has(planned.stage.index) }));
}
