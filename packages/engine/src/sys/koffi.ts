import { createRequire } from 'node:module';
import { isOfGlibc } from './is-of-glibc.js';

export type Koffi = typeof import('koffi').default;

let loaded: Koffi | undefined;

/**
 * koffi, which calls C functions. Of the package only its addon is loaded where that can be: the code around it looks for the addon and
 * offers what is deprecated, and takes 3 ms of each process's start. Loaded once: a launcher asks for it again where nothing of the machine is left.
 */
export function loadKoffi(): Koffi {
  loaded ??= load();
  return loaded;
}

function load(): Koffi {
  const require = createRequire(import.meta.url);
  const { arch, execPath } = process;
  try {
    if (isOfGlibc(execPath)) return require(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`) as Koffi;
  } catch {
    // Installed elsewhere, or for nobody: the package finds it, or says why it cannot.
  }
  return require('koffi') as Koffi;
}
