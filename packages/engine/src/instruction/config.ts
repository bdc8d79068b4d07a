import type { ImageConfig, RuntimeConfig } from '@varve/oci';
import type { StepInputs } from '../model/step.js';

/** An image config whose `config` member is changed. */
export function withRuntime(image: ImageConfig, change: Partial<RuntimeConfig>): ImageConfig {
  return { ...image, config: { ...image.config, ...change } };
}

/** What an instruction answers that touches no file. */
export function configOnly(
  config: ImageConfig,
  createdBy?: string,
  more: Pick<StepInputs, 'env' | 'args'> = {},
): StepInputs {
  return { config, effect: 'none', ...(createdBy === undefined ? {} : { createdBy }), ...more };
}

/** `NAME=value` lines with one added: in the place of an earlier one of the name, else at the end, as Docker does. */
export function withEnvEntry(list: readonly string[], name: string, value: string): readonly string[] {
  const entry = `${name}=${value}`;
  const at = list.findIndex(line => line === name || line.startsWith(`${name}=`));
  return at === -1 ? [...list, entry] : list.with(at, entry);
}

/** A map with an entry added at its end; an earlier one of the name goes, as in BuildKit's environment list. */
export function withLast<V>(map: ReadonlyMap<string, V>, name: string, value: V): ReadonlyMap<string, V> {
  const next = new Map(map);
  next.delete(name);
  return next.set(name, value);
}

/** The shell that a shell form runs in. */
export function shellOf(image: ImageConfig): readonly string[] {
  const shell = image.config?.Shell;
  return shell && shell.length > 0 ? shell : ['/bin/sh', '-c'];
}
