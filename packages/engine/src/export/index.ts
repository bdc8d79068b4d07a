import { type AnyProvider, provide } from '../plugin/plugin.js';

/** The outputs that Varve has built in: `-o type=…`. Each loads its code when it is used. */
export const exporterProviders: readonly AnyProvider[] = [
  provide({
    slot: 'exporter',
    id: 'oci',
    summary: 'writes an OCI image layout, as a folder or a tar',
    traits: {},
    rank: 0,
    create: async () => (await import('./oci.js')).ociExporter,
  }),
  provide({
    slot: 'exporter',
    id: 'docker',
    summary: 'writes a docker archive for docker load and podman load',
    traits: {},
    rank: 0,
    create: async () => (await import('./docker.js')).dockerExporter,
  }),
  provide({
    slot: 'exporter',
    id: 'registry',
    summary: 'pushes to registries',
    traits: {},
    rank: 0,
    create: async () => (await import('./registry.js')).registryExporter,
  }),
  provide({
    slot: 'exporter',
    id: 'local',
    summary: 'writes the files of the image into a folder',
    traits: {},
    rank: 0,
    create: async tools => (await import('./local.js')).localExporter(tools.warn),
  }),
  provide({
    slot: 'exporter',
    id: 'tar',
    summary: 'writes the files of the image as one tar',
    traits: {},
    rank: 0,
    create: async () => (await import('./tar.js')).tarExporter,
  }),
];
