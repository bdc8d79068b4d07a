import { type Instruction, parseTrigger, type SourceRange, type Stage } from '@varve/dockerfile';
import { VarveError } from '../model/error.js';
import type { GraphStage, ResolvedImage } from '../model/graph.js';
import { placeOf } from '../model/place.js';

/**
 * ONBUILD instructions of a stage's base: of its image's config, or those of the stage that it is. They stand in no line of this file:
 * their place is the FROM that brought them. Errors: `E_TRIGGER_INVALID`.
 */
export function triggersOf(
  inherited: GraphStage | undefined,
  image: ResolvedImage | undefined,
  stage: Stage,
): readonly Instruction[] {
  const expressions = inherited
    ? inherited.instructions.flatMap(instruction => (instruction.keyword === 'ONBUILD' ? [instruction.expression] : []))
    : (image?.config.config?.OnBuild ?? []);
  return expressions.map(expression => {
    try {
      return placedAt(parseTrigger(expression, { file: stage.range.file }), stage.from.range);
    } catch (cause) {
      throw new VarveError(
        'E_TRIGGER_INVALID',
        `the base has an ONBUILD trigger that cannot be read: ${(cause as Error).message}`,
        {
          hint: `the trigger is "${expression}"; it has to be mended where the base is built`,
          where: placeOf(stage.from.range),
          cause,
        },
      );
    }
  });
}

/** The same with every range in it replaced. Instructions are plain data. */
function placedAt<T>(value: T, range: SourceRange): T {
  if (Array.isArray(value)) return value.map(item => placedAt(item, range)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    name === 'range' ? range : placedAt(inner, range),
  ]);
  return Object.fromEntries(entries) as T;
}
