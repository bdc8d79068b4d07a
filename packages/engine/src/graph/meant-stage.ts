import { nearest, type Stage } from '@varve/dockerfile';
import { codeOf, VarveError, type VarveErrorDetails } from '../model/error.js';
import type { SourceRef } from '../model/graph.js';

type ImageRef = Extract<SourceRef, { kind: 'image' }>;

/** What is no stage, context or number is an image; perhaps it was to be one of these stages, which all have to be above. */
export function imageRef(reference: string, above: readonly Stage[]): ImageRef {
  const meant = nearest(
    reference,
    above.flatMap(stage => stage.name ?? []),
  );
  return { kind: 'image', reference, ...(meant === undefined ? {} : { nearStage: meant }) };
}

/** Runs what looks an image up; where that fails, the hint begins with the stage that may have been meant. */
export async function lookingUp<T>({ nearStage }: ImageRef, lookUp: () => Promise<T>): Promise<T> {
  if (nearStage === undefined) return lookUp();
  try {
    return await lookUp();
  } catch (error) {
    const code = codeOf(error);
    if (!(error instanceof Error) || code === undefined || error.name === 'AbortError') throw error;
    const { hint, ...known } = error as Error & VarveErrorDetails;
    const details = { ...(known.data && { data: known.data }), ...(known.where && { where: known.where }) };
    const question = `did you mean the stage "${nearStage}"?`;
    throw new VarveError(code, error.message, {
      ...details,
      hint: hint === undefined ? question : `${question} If not: ${hint}`,
      cause: error,
    });
  }
}
