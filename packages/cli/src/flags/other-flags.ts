import { configFlag, jsonFlag, pluginFlag, stepFlags, storeFlag } from './build-flags.js';
import type { FlagSpec } from './flag-spec.js';
import { registryFlags } from './registry-flags.js';

/** Flags of `varve doctor`. */
export const doctorFlags: readonly FlagSpec[] = [
  ...stepFlags.filter(flag => flag.name === 'snapshot' || flag.name === 'executor'),
  storeFlag,
  pluginFlag,
  configFlag,
  jsonFlag,
];

/** Flags of `varve cache ls`. */
export const cacheLsFlags: readonly FlagSpec[] = [storeFlag, configFlag, jsonFlag];

/** Flags of `varve cache mounts ls`, `export`, `import` and `rm`. */
export const cacheMountsFlags: readonly FlagSpec[] = [storeFlag, configFlag, jsonFlag];

/** Flags of `varve cache prune`. */
export const cachePruneFlags: readonly FlagSpec[] = [
  {
    name: 'max-size',
    kind: 'value',
    placeholder: 'SIZE',
    group: 'Cache',
    summary: 'Remove the least recently used until at most this much is left, such as 10g',
  },
  {
    name: 'older-than',
    kind: 'value',
    placeholder: 'SPAN',
    group: 'Cache',
    summary: 'Remove what was not used for this long, such as 12h or 7d',
  },
  { name: 'all', kind: 'switch', group: 'Cache', summary: 'Remove everything that no running build uses' },
  storeFlag,
  configFlag,
  jsonFlag,
];

/** Flags of `varve diff`. */
export const diffFlags: readonly FlagSpec[] = [
  {
    name: 'platform',
    kind: 'value',
    placeholder: 'OS/ARCH',
    group: 'What to compare',
    summary: 'Which image of an index to compare [default: that of this machine]',
  },
  {
    name: 'exit-code',
    kind: 'switch',
    group: 'What is shown',
    summary: 'End with 1 where the images differ',
  },
  ...registryFlags,
  storeFlag,
  configFlag,
  jsonFlag,
];

/** Flags of `varve plugin list`. */
export const pluginListFlags: readonly FlagSpec[] = [pluginFlag, configFlag, jsonFlag];

/** Flags of `varve version`. */
export const versionFlags: readonly FlagSpec[] = [jsonFlag];

/** Flags of `varve bench snapshot`. */
export const benchSnapshotFlags: readonly FlagSpec[] = [
  {
    name: 'image',
    kind: 'value',
    placeholder: 'REF',
    group: 'What to compare',
    summary: 'Image to work on: a name in the store or a registry, an OCI layout, an archive',
  },
  {
    name: 'rootfs',
    kind: 'value',
    placeholder: 'DIR',
    group: 'What to compare',
    summary: 'Folder to work on instead, which holds a root file system; it is copied and not changed',
  },
  {
    name: 'platform',
    kind: 'value',
    placeholder: 'OS/ARCH',
    group: 'What to compare',
    summary: 'Which image of an index to work on [default: that of this machine]',
  },
  {
    name: 'run',
    kind: 'value',
    placeholder: 'COMMAND',
    group: 'What to compare',
    summary: 'Find what this shell command of the image changes, too',
  },
  {
    name: 'strategies',
    kind: 'value',
    placeholder: 'ID[,ID…]',
    group: 'What to compare',
    summary: 'Snapshotters to compare [default: all that there are]',
  },
  ...stepFlags.filter(flag => flag.name === 'executor'),
  ...registryFlags,
  storeFlag,
  pluginFlag,
  configFlag,
  jsonFlag,
];
