/** Codes which say that the call was wrong, so that `varve` ends with 2 and not with 1. */
const usageCodes: ReadonlySet<string> = new Set([
  'E_USAGE',
  'E_NO_SUCH_FLAG',
  'E_UNKNOWN_COMMAND',
  'E_BAD_FLAGS',
  'E_CONFIG_FILE',
  'E_NOT_SUPPORTED',
  'E_NO_DOCKER',
  'E_STDOUT_IS_TERMINAL',
  'E_OUTPUT_INVALID',
  'E_PLUGIN_OPTIONS',
]);

/** Whether an error with this code means a wrong call. */
export function isUsage(code: string): boolean {
  return usageCodes.has(code);
}
