import { VarveError } from '@varve/engine/plugin';

/**
 * zstd-napi is compiled where it is installed, and a machine without a compiler has only its sources. Imported here and nowhere else: Node
 * reports a module of this kind that fails below another one's static import twice, the second time as an error that nobody caught.
 */
export async function loadZstd(): Promise<typeof import('zstd-napi')> {
  try {
    return await import('zstd-napi');
  } catch (cause) {
    throw new VarveError('E_PROVIDER_UNUSABLE', 'zstd is not here: zstd-napi was not compiled when it was installed', {
      hint: 'install a C++ compiler, make and python3, then run npm rebuild zstd-napi',
      cause,
    });
  }
}
