/** Every code that a {@link CliError} can carry, with what it means. */
export const errorCodes = {
  E_USAGE: 'the arguments of the command do not fit',
  E_UNKNOWN_COMMAND: 'there is no such command',
  E_NO_SUCH_FLAG: 'the command has no such flag',
  E_BAD_FLAGS: 'values of one or more flags are malformed; all of them are listed',
  E_CONFIG_FILE: 'a configuration file cannot be read, or what it says does not fit',
  E_PLUGIN_FILE: 'a plugin to begin with could not be written',
  E_NO_DOCKER: 'an image was to be loaded into Docker, and its command line is not here',
  E_LOAD_FAILED: 'Docker refused the image',
  E_WATCH: 'files could not be watched',
  E_STDOUT_IS_TERMINAL: 'an archive was to be written to a terminal',
  E_INTERRUPTED: 'the build was interrupted',
  E_INTERNAL: 'a fault of Varve itself',
  W_IMAGE_NOT_COPIED: 'Warning: one of several images was not copied; the others were',
  W_FLAG_UNUSED: 'Warning: a flag of kaniko was given that means nothing here',
} as const;

/** A key of {@link errorCodes}. */
export type CliErrorCode = keyof typeof errorCodes;

export interface CliErrorDetails {
  /** What to do about it. */
  readonly hint?: string;
  /** One line each, where several things are wrong at once. */
  readonly problems?: readonly string[];
  readonly cause?: unknown;
}

/** What is wrong with a call of the command line. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly hint?: string;
  readonly problems?: readonly string[];

  constructor(code: CliErrorCode, message: string, details: CliErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.problems !== undefined) this.problems = details.problems;
  }
}
