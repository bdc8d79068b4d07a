import type { SourceRange } from './source.js';

/** Every code a {@link DockerfileError} can carry, with what it means. */
export const errorCodes = {
  E_NO_INSTRUCTIONS: 'the file holds no instruction',
  E_NOT_UTF8: 'an instruction holds bytes that are not UTF-8',
  E_DIRECTIVE: 'a parser directive is repeated or has a bad value',
  E_UNKNOWN_INSTRUCTION: 'the first word of a line is not an instruction',
  E_INSTRUCTION_BEFORE_FROM: 'an instruction other than ARG stands before the first FROM',
  E_NO_STAGE: 'the file has no FROM',
  E_UNKNOWN_FLAG: 'the instruction has no such flag',
  E_DUPLICATE_FLAG: 'a flag that may be given once is given twice',
  E_BAD_FLAG_VALUE: 'a flag lacks its value, or the value does not fit',
  E_ARGUMENT_COUNT: 'the instruction has too few or too many arguments',
  E_BAD_ARGUMENT: 'an argument is not of the form the instruction wants',
  E_JSON_NOT_STRINGS: 'a JSON array holds something other than strings',
  E_JSON_REQUIRED: 'the instruction wants its arguments as a JSON array',
  E_BAD_STAGE_NAME: 'the name of a build stage has forbidden characters',
  E_UNTERMINATED_HEREDOC: 'the line that ends a heredoc is missing',
  E_BAD_HEREDOC: 'a heredoc stands where none may, or its name cannot be read',
  E_BAD_MOUNT: 'an option of RUN --mount is unknown, misplaced or has a bad value',
  E_BAD_TRIGGER: 'the instruction may not be an ONBUILD trigger',
  E_BAD_SUBSTITUTION: 'a variable expansion is malformed or a quote is not closed',
  E_VARIABLE_REQUIRED: 'a variable that an expansion requires is unset or empty',
  E_BAD_PATTERN: 'a glob or ignore pattern is malformed',
} as const;

/** A key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** What a text gets wrong, and where. The only error that this package throws for its input. */
export class DockerfileError extends Error {
  readonly code: ErrorCode;
  readonly range: SourceRange;
  readonly hint?: string;

  /**
   * @param code what kind of mistake it is
   * @param message what is wrong, one sentence
   * @param range the words that are wrong
   * @param hint what to write instead, where that is known
   */
  constructor(code: ErrorCode, message: string, range: SourceRange, hint?: string) {
    super(message);
    this.name = 'DockerfileError';
    this.code = code;
    this.range = range;
    if (hint !== undefined) this.hint = hint;
  }
}
