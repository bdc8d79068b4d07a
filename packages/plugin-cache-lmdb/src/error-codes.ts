/** Every code that this plugin throws or warns with, and what it means. */
export const errorCodes = {
  E_PLUGIN_OPTIONS: 'The cache was given options, and has none.',
  W_CACHE_DAMAGED: 'Warning: the database could not be read and was moved aside; the cache starts empty.',
} as const;
