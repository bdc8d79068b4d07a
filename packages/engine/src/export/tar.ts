import { VarveError } from '../model/error.js';
import type { Exporter } from '../plugin/exporter.js';
import { checkAttributes, destination } from './attributes.js';
import { fileSystemTar } from './file-system.js';
import { writeOutput } from './output-file.js';

/** The merged file system of the image as one tar: a file, or standard output with `dest=-`. Holds one platform. */
export const tarExporter: Exporter = {
  check(target) {
    checkAttributes('tar', target, ['dest']);
    destination('tar', target);
  },

  async export({ images }, target, tools, signal) {
    const [image, ...others] = images;
    if (others.length > 0)
      throw new VarveError('E_EXPORT', `a tar holds the files of one platform, and ${images.length} were built`, {
        hint: 'write -o type=local, which makes a folder for each, or build for one platform',
      });
    const dest = destination('tar', target);
    tools.progress(`to ${dest}`);
    await writeOutput(dest, fileSystemTar(image, tools, signal), tools, signal);
    tools.progress(`to ${dest}`, undefined, undefined, true);
    return [{ target: dest, digest: image.manifestDescriptor.digest }];
  },
};
