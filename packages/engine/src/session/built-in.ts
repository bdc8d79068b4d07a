import { contextProviders } from '../context/index.js';
import { builtInExecutors, type ExecutorSettings } from '../executor/providers.js';
import { exporterProviders } from '../export/index.js';
import { instructionProviders } from '../instruction/index.js';
import { compressorProviders } from '../layer/index.js';
import type { AnyProvider } from '../plugin/plugin.js';

/** Everything that the engine brings along, as the same records that plugins give. */
export function builtInProviders(settings: ExecutorSettings): readonly AnyProvider[] {
  return [
    ...builtInExecutors(settings),
    ...compressorProviders,
    ...contextProviders,
    ...exporterProviders,
    ...instructionProviders,
  ];
}
