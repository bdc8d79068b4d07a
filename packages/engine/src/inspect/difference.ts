/** One fact that is not the same, as text; absent where one side has no such thing. */
export interface FactDifference {
  readonly name: string;
  readonly was?: string;
  readonly is?: string;
}

/** One path that is not the same in two images. Of an added or removed path the facts say what it is. */
export interface FileDifference {
  /** Relative to the root. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly facts: readonly FactDifference[];
}

/** What differs from one image to another. Empty lists: they are the same, up to the times of files and how layers are cut and compressed. */
export interface ImageDifference {
  readonly config: readonly FactDifference[];
  readonly files: readonly FileDifference[];
}

/** Facts by name, in the order in which they are shown. */
export type Facts = ReadonlyMap<string, string>;

/** The facts in which two things differ, those of the first one first. */
export function compareFacts(was: Facts, is: Facts): readonly FactDifference[] {
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return names.filter(name => was.get(name) !== is.get(name)).map(name => ({ name, ...valuesOf(name, was, is) }));
}

function valuesOf(name: string, was: Facts, is: Facts): Omit<FactDifference, 'name'> {
  const [before, after] = [was.get(name), is.get(name)];
  return { ...(before === undefined ? {} : { was: before }), ...(after === undefined ? {} : { is: after }) };
}
