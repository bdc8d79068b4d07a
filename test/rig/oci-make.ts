import { must } from './run.js';

/** The config fields of a base image, in umoci's own flags. */
export interface BaseConfig {
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly labels?: readonly string[];
  readonly workdir?: string;
}

const created = '2024-01-02T03:04:05Z';

/** Makes an OCI layout with one image, tagged `latest`, of the given layer archives, by umoci. */
export async function makeLayout(layout: string, layers: readonly string[], config: BaseConfig): Promise<void> {
  await must('umoci', ['init', '--layout', layout]);
  await must('umoci', ['new', '--image', `${layout}:latest`]);
  for (const layer of layers) await must('umoci', ['raw', 'add-layer', '--image', `${layout}:latest`, layer]);
  await must('umoci', [
    ...['config', '--image', `${layout}:latest`, '--no-history', '--created', created],
    ...config.cmd.map(word => `--config.cmd=${word}`),
    ...config.env.map(entry => `--config.env=${entry}`),
    ...(config.labels ?? []).map(entry => `--config.label=${entry}`),
    ...(config.workdir === undefined ? [] : [`--config.workingdir=${config.workdir}`]),
  ]);
  await must('umoci', ['gc', '--layout', layout]);
}

/** Packs a folder as a layer: sorted, numeric owners, xattrs kept, hard links as links, one time for everything. */
export async function packLayer(folder: string, archive: string): Promise<void> {
  await must('tar', [
    ...['--create', `--file=${archive}`, `--directory=${folder}`, '--sort=name', '--numeric-owner', '--format=pax'],
    ...['--xattrs', '--xattrs-include=*', `--mtime=${created}`, '--clamp-mtime'],
    ...['--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime', '.'],
  ]);
}
