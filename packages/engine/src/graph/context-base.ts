import { type CopyInstruction, type Instruction, parseTrigger, type Stage } from '@varve/dockerfile';
import type { SourceRef } from '../model/graph.js';

/** What `FROM` of a context that holds files means: an empty stage, and a first step that brings them. */
export interface ContextBase {
  readonly instruction: CopyInstruction;
  /** How the instruction names its source; no word of a Dockerfile is like it. */
  readonly from: string;
  readonly ref: SourceRef;
}

const mark = 'FROM ';

/** The name of the context that an instruction of {@link contextBase} brings; undefined for all others. */
export function contextOf(instruction: Instruction): string | undefined {
  const from = instruction.keyword === 'COPY' ? instruction.from?.value : undefined;
  return from?.startsWith(mark) ? from.slice(mark.length) : undefined;
}

/** The first step of a stage whose base is a context. */
export function contextBase(stage: Stage, ref: Extract<SourceRef, { kind: 'context' }>): ContextBase {
  const copy = parseTrigger('COPY --from=context . /', { file: stage.range.file }) as CopyInstruction;
  const from = `${mark}${ref.name}`;
  return { instruction: { ...copy, from: { value: from, range: stage.from.image.range } }, from, ref };
}
