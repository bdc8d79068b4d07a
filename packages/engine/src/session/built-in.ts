import { contextProviders } from '../context/index.js';
import { builtInExecutors, type ExecutorSettings } from '../executor/providers.js';
import { exporterProviders } from '../export/index.js';
import { inPlaceProvider } from '../inplace/provider.js';
import { instructionProviders } from '../instruction/index.js';
import { compressorProviders, gzipModule } from '../layer/compress/providers.js';
import type { AnyProvider } from '../plugin/plugin.js';
import type { BuiltIn } from '../providers/providers.js';

/** Everything that the engine brings along, as the same records that plugins give. */
export function builtIn(settings: ExecutorSettings): BuiltIn {
  const providers: readonly AnyProvider[] = [
    ...builtInExecutors(settings),
    inPlaceProvider(undefined),
    ...compressorProviders,
    ...contextProviders,
    ...exporterProviders,
    ...instructionProviders,
  ];
  return { providers, modules: [gzipModule] };
}
