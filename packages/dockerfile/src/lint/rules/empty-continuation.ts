import { type LintRule, ruleUrl } from '../rule.js';

export const noEmptyContinuation: LintRule = {
  name: 'NoEmptyContinuation',
  description: 'Empty continuation lines will become errors in a future release',
  url: ruleUrl('no-empty-continuation'),
  wholeFile: true,
  *check({ file }) {
    for (const instruction of [
      ...file.metaArgs,
      ...file.stages.flatMap(stage => [stage.from, ...stage.instructions]),
    ]) {
      if (instruction.emptyContinuation === undefined) continue;
      yield { message: 'Empty continuation line', range: instruction.emptyContinuation, instruction };
    }
  },
};
