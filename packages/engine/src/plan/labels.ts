import type { Instruction } from '@varve/dockerfile';
import type { GraphStage } from '../model/graph.js';

/** Instructions that BuildKit counts as steps of a stage. */
const counted: ReadonlySet<Instruction['keyword']> = new Set(['ADD', 'COPY', 'RUN', 'WORKDIR']);

/**
 * The steps of a stage as people see them: `[build 2/4] RUN make`, where the base of a stage is its first step. Instructions that touch
 * no file have no number. Variables stay as written, so that no value shows that was not in the file.
 */
export function stepLabels(stage: GraphStage): readonly string[] {
  const total =
    stage.instructions.filter(({ keyword }) => counted.has(keyword)).length + (stage.base.kind === 'image' ? 1 : 0);
  let number = stage.base.kind === 'image' ? 1 : 0;
  return stage.instructions.map((instruction, index) => {
    const place = counted.has(instruction.keyword) ? `${++number}/${total}` : '';
    const bracket = [stage.label, place].filter(part => part !== '').join(' ');
    const trigger = index < stage.triggers ? 'ONBUILD ' : '';
    const text =
      index === 0 && stage.contextBase !== undefined ? `FROM ${stage.contextBase}` : `${trigger}${textOf(instruction)}`;
    return bracket === '' ? text : `[${bracket}] ${text}`;
  });
}

function textOf(instruction: Instruction): string {
  const rest = instruction.original.trim().slice(instruction.keywordAsWritten.value.length);
  return `${instruction.keyword}${rest}`.replace(/\s*\n\s*/g, ' ');
}
