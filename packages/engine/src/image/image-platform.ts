import { type ImageConfig, normalizePlatform, type Platform } from '@varve/oci';

/**
 * For which platform an image is: the one that the build was asked for, whatever its base is for, or, asked for none, that of its base. In
 * containerd's names, as BuildKit writes them.
 */
export function imagePlatform(config: ImageConfig, asked: Platform | undefined): Platform {
  const own = platformOf(config);
  if (asked === undefined) return normalizePlatform(own);
  const isSame = asked.os === own.os && asked.architecture === own.architecture;
  return normalizePlatform(isSame ? { ...own, ...asked } : asked);
}

/** The config of an image for a platform. */
export function withPlatform(config: ImageConfig, platform: Platform): ImageConfig {
  const kept = Object.entries(config).filter(([name]) => !optional.has(name) || name in platform);
  return { ...(Object.fromEntries(kept) as unknown as ImageConfig), ...platform };
}

const optional: ReadonlySet<string> = new Set(['variant', 'os.version', 'os.features']);

function platformOf({ os, architecture, ...more }: ImageConfig): Platform {
  return { os, architecture, ...Object.fromEntries(Object.entries(more).filter(([name]) => optional.has(name))) };
}
