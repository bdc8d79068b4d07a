import { VarveError } from '../model/error.js';
import type { LayerCompressor } from '../plugin/compressor.js';
import type { Tools } from '../plugin/plugin.js';
import type { Providers } from './providers.js';

/** The compressor that reads layers of a media type. Errors: `E_LAYER_UNSUPPORTED`. */
export async function compressorFor(
  providers: Providers,
  mediaType: string,
  tools: (provider: string) => Tools,
): Promise<LayerCompressor> {
  const found = await providers.find('compressor', ({ traits }) => traits.mediaTypes.includes(mediaType));
  if (!found)
    throw new VarveError('E_LAYER_UNSUPPORTED', `nothing here can read layers of the type ${mediaType}`, {
      hint: 'load a plugin that provides a compressor for it',
    });
  return found.create(tools(`compressor-${found.id}`));
}
