/** A place in a text. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A stretch of a file, `end` exclusive. */
export interface SourceRange {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/** One word of an instruction and where it was written. Expansion replaces `value` and keeps `range`. */
export interface Word {
  readonly value: string;
  readonly range: SourceRange;
}
