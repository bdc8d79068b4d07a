/** Every code that this plugin throws or warns with, and what it means. Those of `@varve/oci` pass through with their own meanings. */
export const errorCodes = {
  E_CACHE: 'The cache is used where there is no registry client.',
  E_PLUGIN_OPTIONS: 'The options of the cache are not valid; all problems are named.',
  W_CACHE_TAG_TAKEN:
    'Warning: the tag of the cache names an image, which is left as it is; look-ups take a request a step.',
  W_CACHE_READ_ONLY: 'Warning: the cache could not be written to; the build still reads it.',
} as const;
