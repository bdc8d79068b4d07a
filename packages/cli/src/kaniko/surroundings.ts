/** What surrounds a call of `varve kaniko`. */
export interface KanikoSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Whether there is something at an absolute path. */
  exists(path: string): boolean;
}

/** Something that is said of a flag, and changes nothing. */
export interface Note {
  readonly message: string;
  readonly hint?: string;
}
