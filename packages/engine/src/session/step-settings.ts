import type { StepSettings } from '../host/protocol.js';
import { VarveError } from '../model/error.js';
import type { BuildOptions } from '../model/options.js';

/** What is the same for every step of a build. Errors: `E_VALUE_INVALID`. */
export function stepSettings(options: BuildOptions): StepSettings {
  return {
    // BuildKit's name, which scripts may have come to expect.
    hostname: 'buildkitsandbox',
    ulimits: (options.ulimits ?? []).map(parseUlimit),
    addHosts: options.addHosts ?? [],
    ...(options.shmSize === undefined ? {} : { shmSize: options.shmSize }),
  };
}

/** What of the settings is in the keys of steps, as in BuildKit: of an added host its name, but not where that leads. */
export function decidingSettings(options: BuildOptions): readonly string[] {
  const { addHosts = [], ulimits = [], ignoredPaths = [], shmSize } = options;
  return [
    ...addHosts.map(host => `host ${/^[^:=]*/.exec(host)?.[0] ?? ''}`),
    ...ulimits.map(limit => `ulimit ${limit}`),
    ...ignoredPaths.map(path => `ignore ${path}`),
    ...(shmSize === undefined ? [] : [`shm ${shmSize}`]),
  ].sort();
}

/** `name=soft[:hard]`, as docker's `--ulimit`. */
function parseUlimit(text: string): { name: string; soft: number; hard: number } {
  const match = /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/.exec(text);
  if (!match)
    throw new VarveError('E_VALUE_INVALID', `"${text}" is no limit`, {
      hint: 'write it as name=soft or name=soft:hard, such as nofile=1024:2048',
    });
  const soft = Number(match[2]);
  return { name: match[1] as string, soft, hard: match[3] === undefined ? soft : Number(match[3]) };
}
