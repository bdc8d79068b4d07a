/** A field of a key that is not as it was when the step was last remembered. */
export interface FieldDifference {
  readonly field: string;
  /** Of `env` and the like: the names whose values differ, came or went. Values are not told. */
  readonly names?: readonly string[];
  /** What the field said and says, where that is for people: no digests, and no values of variables. Absent: it said nothing. */
  readonly before?: string;
  readonly now?: string;
}

/** Why a step would be taken from a cache, or not. */
export interface StepExplanation {
  readonly stage: number;
  readonly step: number;
  readonly label: string;
  readonly action: 'run' | 'reuse' | 'config' | 'skip';
  readonly key?: string;
  readonly cachedBy?: string;
  /**
   * Of a step to be run: how its key differs from the last one remembered for this place of the Dockerfile. Empty where they are the same, and
   * the cache lost what it had; absent where the place was never seen.
   */
  readonly differences?: readonly FieldDifference[];
}
