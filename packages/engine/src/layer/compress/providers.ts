import { definePlugin, type Provider, provide } from '../../plugin/plugin.js';
import { type GzipOptions, parseGzipOptions } from './gzip-options.js';

/** The compressors that come with the engine, with their default options. */
export const compressorProviders: readonly Provider<'compressor'>[] = [
  gzipProvider({ level: 6 }),
  provide({
    slot: 'compressor',
    id: 'none',
    summary: 'layers as plain tars',
    traits: {
      mediaTypes: [
        'application/vnd.oci.image.layer.v1.tar',
        'application/vnd.oci.image.layer.nondistributable.v1.tar',
        'application/vnd.docker.image.rootfs.diff.tar',
      ],
    },
    rank: 10,
    create: async () => (await import('./plain.js')).plainCompressor,
  }),
];

/** gzip as a plugin's module, for whoever wants another level. */
export const gzipModule = definePlugin<GzipOptions>({
  parseOptions: parseGzipOptions,
  create: options => ({
    name: 'gzip',
    version: '1.0.0',
    contract: '^1.0.0',
    provides: [gzipProvider(options)],
  }),
});

function gzipProvider(options: GzipOptions): Provider<'compressor'> {
  return provide({
    slot: 'compressor',
    id: 'gzip',
    summary: 'gzip in parallel blocks; every registry and runtime reads it',
    traits: {
      mediaTypes: [
        'application/vnd.oci.image.layer.v1.tar+gzip',
        'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
        'application/vnd.docker.image.rootfs.diff.tar.gzip',
        'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      ],
    },
    rank: 100,
    probe: async () => {
      const { isalInflaters } = await import('../../sys/isal.js');
      if (isalInflaters()) return { usable: true };
      return {
        usable: true,
        notes: ['large layers are unpacked faster where libisal.so.2 is installed (Debian: libisal2)'],
      };
    },
    create: async () => (await import('./gzip.js')).gzipCompressor(options),
  });
}
