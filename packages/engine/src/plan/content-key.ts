import { frame, keyOf } from '../key/key.js';
import type { CacheKey, KeyRecord } from '../model/key.js';
import type { PlannedStep } from '../model/plan.js';
import type { StepSource } from '../model/step.js';

/** A second key of a step that takes files from stages, by what these files are and not by how they were made. */
export interface ContentKey {
  readonly key: CacheKey;
  readonly record: KeyRecord;
}

/** Whether a step that has to run may turn out to be known once it can be seen what it takes from other stages. */
export function hasContentKey({ action, inputs, record }: PlannedStep): boolean {
  return action === 'run' && record !== undefined && inputs.effect === 'known' && sourceStages(inputs).length > 0;
}

/** Which of a step's sources are stages, by position. */
export function sourceStages(
  inputs: PlannedStep['inputs'],
): readonly { readonly at: number; readonly source: StepSource }[] {
  return (inputs.sources ?? []).flatMap((source, at) => (source.ref.kind === 'stage' ? [{ at, source }] : []));
}

/** The content key, given what tells the content that each of the sources which are stages gives. */
export function contentKey({ record, sourceDigests }: PlannedStep, contents: ReadonlyMap<number, string>): ContentKey {
  const sources = (sourceDigests ?? []).map((digest, at) => {
    const content = contents.get(at);
    return content === undefined ? digest : frame(['content of a stage', content]);
  });
  const { version, kind, fields } = record as KeyRecord;
  const own: KeyRecord = { version, kind, fields: { ...fields, sources: frame(sources) } };
  return { key: keyOf(own), record: own };
}
