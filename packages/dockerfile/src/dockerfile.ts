import type { ArgInstruction, FromInstruction, Instruction } from './instruction.js';
import type { LintWarning } from './lint-warning.js';
import type { SourceRange, Word } from './source.js';

/** What a `# check=` directive asks of the linter. */
export interface CheckDirective {
  readonly skip: readonly string[];
  readonly skipAll: boolean;
  readonly experimental: readonly string[];
  readonly experimentalAll: boolean;
  /** Every warning counts as an error. */
  readonly error: boolean;
  readonly range: SourceRange;
}

export interface Directives {
  /** The frontend that `# syntax=` asks for. */
  readonly syntax?: Word;
  readonly escape: '\\' | '`';
  readonly check?: CheckDirective;
}

/** One FROM and what follows it. */
export interface Stage {
  readonly index: number;
  /** The name after AS in lower case, by which it is found. */
  readonly name?: string;
  readonly nameAsWritten?: string;
  readonly from: FromInstruction;
  /** Without the FROM. */
  readonly instructions: readonly Instruction[];
  readonly range: SourceRange;
}

/** A parsed file. */
export interface Dockerfile {
  readonly file: string;
  readonly text: string;
  readonly directives: Directives;
  /** ARG before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** What the parser itself has to say: an unknown `# syntax=` frontend. `lint` includes these. */
  readonly warnings: readonly LintWarning[];
}
