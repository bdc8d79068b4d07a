/** Every code that this plugin throws, and what it means. */
export const errorCodes = {
  E_OVERLAY: 'An overlay cannot be mounted where the store is.',
  E_PLUGIN_OPTIONS: 'The options of the snapshotter are not valid.',
  E_TOO_MANY_LAYERS: 'A stage has more layers than one overlay can hold.',
} as const;
