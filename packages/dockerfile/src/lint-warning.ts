import type { SourceRange } from './source.js';

/** One finding of the linter. */
export interface LintWarning {
  /** The rule's name, as in BuildKit. */
  readonly rule: string;
  /** What the rule asks for, in general. */
  readonly description: string;
  /** Where the rule is explained. */
  readonly url?: string;
  /** What is wrong here. */
  readonly message: string;
  readonly range: SourceRange;
  /** `error` when the file's `check` directive says `error=true`. */
  readonly level: 'warning' | 'error';
}
