import { formatPlatform, type Platform } from '@varve/oci';
import { explainDifferences } from '../key/differences.js';
import { differingFields } from '../key/key.js';
import type { StepExplanation } from '../model/explanation.js';
import type { KeyRecord } from '../model/key.js';
import type { Plan, PlannedStep } from '../model/plan.js';
import type { CacheStack } from '../providers/cache-stack.js';
import type { BuildInputs } from './inputs.js';

/** Whose steps these are, and who may have seen them before. */
export interface ExplainedBuild {
  readonly inputs: Pick<BuildInputs, 'origin'>;
  readonly platform: Platform;
  readonly caches: Pick<CacheStack, 'recordsAt'>;
}

/** What a step is known by from build to build, so that a miss can be explained. */
export interface StepPlaces {
  /** By what it says: found again where lines above came or went. For people too. */
  readonly place: string;
  /** By where it stands: found again where what it says was edited. */
  readonly position: string;
}

/** The places of a step of a Dockerfile, which is told from those of other projects by where it lies. */
export function placesOf({ inputs, platform }: Omit<ExplainedBuild, 'caches'>, step: PlannedStep): StepPlaces {
  const [, bracket = '', text = ''] = /^(?:\[([^\]]*)\] )?(.*)$/s.exec(step.step.label) ?? [];
  // The number of a step is no part: it changes with lines above.
  const stage = bracket.replace(/ ?\d+\/\d+$/, '');
  const where = `(${inputs.origin}, ${formatPlatform(platform)})`;
  const ofStage = stage === '' ? '' : `[${stage}] `;
  return { place: `${ofStage}${text} ${where}`, position: `${ofStage}${step.step.index} ${where}` };
}

interface Miss {
  readonly step: PlannedStep;
  /** The nearest of the records last known at the step's places. */
  readonly last: KeyRecord | undefined;
}

/** The steps that no cache has. */
async function missedSteps(build: ExplainedBuild, plan: Plan): Promise<readonly Miss[]> {
  const steps = plan.stages.flatMap(stage => (stage.needed ? stage.steps.filter(step => step.action === 'run') : []));
  const places = steps.map(step => placesOf(build, step));
  const records = await build.caches.recordsAt(places.flatMap(({ place, position }) => [place, position]));
  return steps.map((step, index) => {
    const known = [...(records[2 * index] ?? []), ...(records[2 * index + 1] ?? [])];
    return { step, last: nearest(step.record as KeyRecord, known) };
  });
}

/** The record that differs least, of several that do alike the first; undefined where none is of an instruction of this kind. */
function nearest(now: KeyRecord, known: readonly KeyRecord[]): KeyRecord | undefined {
  const distances = known.flatMap(record =>
    record.kind === now.kind ? [{ record, distance: differingFields(now, record).length }] : [],
  );
  return distances.toSorted((a, b) => a.distance - b.distance)[0]?.record;
}

/** Why each step of a plan is cached or not. */
export async function explainPlan(build: ExplainedBuild, plan: Plan): Promise<readonly StepExplanation[]> {
  const missed = await missedSteps(build, plan);
  const why = new Map(
    missed.map(({ step, last }) => [step, last && explainDifferences(step.record as KeyRecord, last)]),
  );
  return plan.stages.flatMap(stage =>
    stage.steps.map((step): StepExplanation => {
      const differences = why.get(step);
      return {
        stage: step.step.stage,
        step: step.step.index,
        label: step.step.label,
        action: stage.needed ? step.action : 'skip',
        ...(step.key ? { key: step.key } : {}),
        ...(step.cachedBy && stage.needed ? { cachedBy: step.cachedBy } : {}),
        ...(differences ? { differences } : {}),
      };
    }),
  );
}

/** The names of the fields in which each step that no cache has differs from what was known of it; absent where nothing was. */
export async function whyMissed(build: ExplainedBuild, plan: Plan): Promise<ReadonlyMap<PlannedStep, string>> {
  const missed = await missedSteps(build, plan);
  return new Map(
    missed.flatMap(({ step, last }) => {
      const fields = last ? differingFields(step.record as KeyRecord, last) : [];
      return fields.length === 0 ? [] : [[step, fields.join(', ')] as const];
    }),
  );
}
