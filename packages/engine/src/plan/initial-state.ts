import { posix } from 'node:path';
import type { ImageConfig, Platform } from '@varve/oci';
import type { GraphStage } from '../model/graph.js';
import type { StepState } from '../model/step.js';

/** What Docker sets where an image says nothing. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a stage inherits from the stage that it is based on. */
export type Inherited = Pick<StepState, 'config' | 'env' | 'args'>;

/**
 * What a stage starts with: the config of its base without its triggers, with a PATH and a clean working directory. Environment and
 * arguments of a base that is a stage go on, but what its ENV set counts again, also over a later ARG, as in BuildKit.
 */
export function initialState(stage: GraphStage, inherited: Inherited | undefined): Inherited {
  const from = inherited ? inherited.config : (stage.image?.config ?? scratchConfig(stage.platform));
  const config = withPath(withCleanDir(withoutTriggers(from)));
  const set = environmentOf(config);
  const declared = [...(inherited?.env ?? [])].filter(([name]) => !set.has(name));
  return { config, env: new Map([...declared, ...set]), args: inherited?.args ?? new Map() };
}

/** The config of `FROM scratch`. */
export function scratchConfig(platform: Platform): ImageConfig {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant ? { variant: platform.variant } : {}),
    config: { WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [] },
  };
}

function withoutTriggers(image: ImageConfig): ImageConfig {
  const { created: _created, ...rest } = image;
  const { OnBuild: _triggers, ...runtime } = image.config ?? {};
  return { ...rest, config: runtime };
}

function withPath(image: ImageConfig): ImageConfig {
  const env = image.config?.Env ?? [];
  if (env.some(line => line.startsWith('PATH='))) return image;
  return { ...image, config: { ...image.config, Env: [...env, `PATH=${defaultPath}`] } };
}

function withCleanDir(image: ImageConfig): ImageConfig {
  const dir = image.config?.WorkingDir;
  return dir ? { ...image, config: { ...image.config, WorkingDir: posix.resolve('/', dir) } } : image;
}

function environmentOf(image: ImageConfig): ReadonlyMap<string, string> {
  return new Map(
    (image.config?.Env ?? []).map(line => {
      const equals = line.indexOf('=');
      return equals === -1 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}
