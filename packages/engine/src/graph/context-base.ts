import { type CopyInstruction, parseTrigger, type Stage } from '@varve/dockerfile';
import type { SourceRef } from '../model/graph.js';

/** What `FROM` of a context that holds files means: an empty stage, and a first step that brings them. */
export interface ContextBase {
  readonly instruction: CopyInstruction;
  /** How the instruction names its source; no word of a Dockerfile is like it. */
  readonly from: string;
  readonly ref: Extract<SourceRef, { kind: 'context' }>;
}

/** The first step of a stage whose base is a context. */
export function contextBase(stage: Stage, ref: ContextBase['ref']): ContextBase {
  const copy = parseTrigger('COPY --from=context . /', { file: stage.range.file }) as CopyInstruction;
  const from = `FROM ${ref.name}`;
  return { instruction: { ...copy, from: { value: from, range: stage.from.image.range } }, from, ref };
}
