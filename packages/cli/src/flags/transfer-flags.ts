import { configFlag, digestFileFlag, jsonFlag, storeFlag } from './build-flags.js';
import type { FlagSpec } from './flag-spec.js';
import { connectionFlags, registryFlags } from './registry-flags.js';

const mediaTypesFlag: FlagSpec = {
  name: 'oci-mediatypes',
  kind: 'switch',
  group: 'What comes out',
  summary: "Change manifests to OCI's media types, or to Docker's with =false; without it they stay as they are",
};

const quietFlag: FlagSpec = {
  name: 'quiet',
  char: 'q',
  kind: 'switch',
  group: 'What is shown',
  summary: 'Show no progress: the digest on standard output and nothing else',
};

/** Flags of `varve push`. */
export const pushFlags: readonly FlagSpec[] = [
  {
    name: 'platform',
    kind: 'value',
    placeholder: 'OS/ARCH',
    group: 'What to copy',
    summary: 'Push only the image for this platform [default: all that SOURCE holds under the name]',
  },
  mediaTypesFlag,
  digestFileFlag,
  ...connectionFlags,
  storeFlag,
  configFlag,
  quietFlag,
  jsonFlag,
];

/** Flags of `varve pull`. */
export const pullFlags: readonly FlagSpec[] = [
  {
    name: 'platform',
    kind: 'value',
    placeholder: 'OS/ARCH|all',
    group: 'What to copy',
    summary: 'Platform of the image, or all that there are [default: that of this machine]',
  },
  {
    name: 'type',
    kind: 'value',
    placeholder: 'oci|docker',
    group: 'What comes out',
    summary: 'What DEST becomes: an OCI image layout, or an archive for docker load and podman load [default: oci]',
  },
  mediaTypesFlag,
  digestFileFlag,
  ...registryFlags,
  configFlag,
  quietFlag,
  jsonFlag,
];
