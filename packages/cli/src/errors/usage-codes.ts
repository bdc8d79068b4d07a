/**
 * Codes which say that the call was wrong, so that `varve` ends with 2 and not with 1: those of the command line, and those with
 * which the engine refuses what a flag names. An error that points into a Dockerfile is never one of the call.
 */
const usageCodes: ReadonlySet<string> = new Set([
  'E_USAGE',
  'E_NO_SUCH_FLAG',
  'E_UNKNOWN_COMMAND',
  'E_BAD_FLAGS',
  'E_CONFIG_FILE',
  'E_NO_DOCKER',
  'E_STDOUT_IS_TERMINAL',
  'E_ADD_HOST_INVALID',
  'E_BAD_PLATFORM',
  'E_BAD_REFERENCE',
  'E_CONTEXT_UNSUPPORTED',
  'E_NO_PROVIDER',
  'E_OUTPUT_INVALID',
  'E_PLUGIN_CONTRACT',
  'E_PLUGIN_LOAD',
  'E_PLUGIN_OPTIONS',
  'E_VALUE_INVALID',
]);

/** Whether an error with this code means a wrong call. */
export function isUsage(code: string): boolean {
  return usageCodes.has(code);
}
