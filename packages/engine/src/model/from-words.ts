import type { Instruction, Word } from '@varve/dockerfile';

/** The words of an instruction that name where files come from: of `--from`, and of `from=` of its mounts. */
export function fromWords(instruction: Instruction): readonly Word[] {
  if (instruction.keyword === 'COPY') return instruction.from ? [instruction.from] : [];
  if (instruction.keyword !== 'RUN') return [];
  return instruction.mounts.flatMap(mount =>
    (mount.type === 'bind' || mount.type === 'cache') && mount.from ? [mount.from] : [],
  );
}
