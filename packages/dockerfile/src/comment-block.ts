import { isComment } from './lines.js';
import { skipSpace, trim } from './text.js';

/** What the comments before an instruction say. */
export interface CommentsBefore {
  /** Directly above it, without `#` and outer blanks. */
  readonly comments: readonly string[];
  /** The value of the first `# check=…`. */
  readonly check?: string;
}

/** No comments. */
export const noComments: CommentsBefore = { comments: [] };

const checkComment = /^check[\t\f\r ]*=[\t\f\r ]*(.+)$/i;

/**
 * Comments before an instruction, collected while lines go by. An empty comment separates what is before it from the
 * instruction; a blank line separates remarks, but not a `# check=…`.
 */
export class CommentBlock {
  #comments: string[] = [];
  #check: string | undefined;

  /** Takes a line that is no instruction. */
  pass(line: string): void {
    if (!isComment(line)) {
      if (this.#comments.length > 0) this.#comments = [];
      return;
    }
    const comment = trim(line.slice(skipSpace(line, 0) + 1));
    if (comment === '') {
      this.#comments = [];
      this.#check = undefined;
      return;
    }
    this.#comments.push(comment);
    this.#check ??= checkComment.exec(comment)?.[1];
  }

  /** What was collected; the next instruction begins anew. */
  take(): CommentsBefore {
    if (this.#comments.length === 0 && this.#check === undefined) return noComments;
    const taken = { comments: this.#comments, ...(this.#check === undefined ? {} : { check: this.#check }) };
    this.#comments = [];
    this.#check = undefined;
    return taken;
  }
}
