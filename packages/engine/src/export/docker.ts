import { isLayer, layerCompression, writeDockerArchive } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { VarveError } from '../model/error.js';
import type { Exporter } from '../plugin/exporter.js';
import { checkAttributes, destination, invalid } from './attributes.js';
import { builtContent } from './content.js';
import { writeOutput } from './output-file.js';

/**
 * A docker archive for `docker load` and `podman load`: a file, or standard output with `dest=-`. Holds one platform. Layers in zstd are
 * written unpacked, since not every loader reads them.
 */
export const dockerExporter: Exporter = {
  check(target) {
    checkAttributes('docker', target, ['dest', 'name']);
    const dest = destination('docker', target);
    if (dest.endsWith('/')) throw invalid(`dest=${dest} is a folder`, 'name a file');
  },

  async export({ images }, target, tools, signal) {
    const [image, ...others] = images;
    if (others.length > 0)
      throw new VarveError('E_EXPORT', `a docker archive holds one platform, and ${images.length} were built`, {
        hint: 'write -o type=oci, or build for one platform',
      });
    const dest = destination('docker', target);
    const tars = new Map(image.layers.map(layer => [layer.descriptor.digest, layer] as const));
    // The archive's writer unpacks nothing itself: a layer that it wants unpacked comes so from the engine.
    const unpack = (compression: string | undefined): boolean => compression === 'zstd';
    const { root, reader } = await builtContent({ images: [image] }, descriptor => {
      const layer = tars.get(descriptor.digest);
      const unpacked = layer && isLayer(descriptor.mediaType) && unpack(layerCompression(descriptor.mediaType));
      return unpacked ? tools.tar(layer) : tools.blob(descriptor);
    });
    tools.progress(`to ${dest}`);
    const archive = writeDockerArchive([{ descriptor: root.descriptor, names: target.names }], reader, {
      unpack,
      decompress: (_compression, bytes): Bytes => bytes,
    });
    await writeOutput(dest, archive, tools, signal);
    tools.progress(`to ${dest}`, undefined, undefined, true);
    return [{ target: dest, digest: image.manifestDescriptor.digest }];
  },
};
