/** Whether the user asks for what helps to mend Varve: `VARVE_DEBUG` is set to anything but `0`. */
export function isDebugging(env: NodeJS.ProcessEnv): boolean {
  return env.VARVE_DEBUG !== undefined && env.VARVE_DEBUG !== '' && env.VARVE_DEBUG !== '0';
}
