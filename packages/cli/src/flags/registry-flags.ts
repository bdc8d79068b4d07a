import type { FlagSpec } from './flag-spec.js';

/** Where images are pulled from instead of their registries. */
const mirrorFlags: readonly FlagSpec[] = [
  {
    name: 'registry-mirror',
    kind: 'list',
    placeholder: 'HOST[:PORT][/PATH]',
    group: 'Registries',
    summary: 'Pull from here what is of Docker Hub, and from Docker Hub what is not here. Repeatable, asked in order',
  },
  {
    name: 'registry-map',
    kind: 'list',
    placeholder: 'HOST=MIRROR[;MIRROR…]',
    group: 'Registries',
    summary: 'The same for any registry: pull from MIRROR, a HOST[:PORT][/PATH], what is of HOST. Repeatable',
  },
  {
    name: 'skip-default-registry-fallback',
    kind: 'switch',
    group: 'Registries',
    summary: 'Fail where no mirror of a registry has an image, instead of asking the registry itself',
  },
];

/** How hosts prove who they are, and we to them: all that a command needs which does not pull. */
export const connectionFlags: readonly FlagSpec[] = [
  {
    name: 'insecure-registry',
    kind: 'list',
    placeholder: 'HOST[:PORT]',
    group: 'Registries',
    summary: 'Talk plain HTTP or unverified HTTPS to this registry. Repeatable',
  },
  {
    name: 'skip-tls-verify-registry',
    kind: 'list',
    placeholder: 'HOST[:PORT]',
    group: 'Registries',
    summary: 'Talk HTTPS to this registry, whatever its certificate is. Repeatable',
  },
  {
    name: 'registry-certificate',
    kind: 'list',
    placeholder: 'HOST[:PORT]=FILE',
    group: 'Registries',
    summary: "Trust the authorities in FILE (PEM) for this registry, beside the system's. Repeatable",
  },
  {
    name: 'registry-client-cert',
    kind: 'list',
    placeholder: 'HOST[:PORT]=CERT,KEY',
    group: 'Registries',
    summary: 'Show this certificate, with its key (PEM files), to a registry that wants one. Repeatable',
  },
];

/** Flags about how registries are reached, the same for all commands that pull. */
export const registryFlags: readonly FlagSpec[] = [...mirrorFlags, ...connectionFlags];
