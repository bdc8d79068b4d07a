import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toldErrors } from '../rig/build-events.js';
import { makeContext } from '../rig/context-files.js';
import { type Difference, diffFacts } from '../rig/diff-facts.js';
import type { Docker } from '../rig/dockerd.js';
import { type FileFacts, type ImageFacts, treeFacts } from '../rig/image-facts.js';
import { newerBuild } from '../rig/newer-dockerd.js';
import { makeLayout, packLayer } from '../rig/oci-make.js';
import { copyImage, type Registry } from '../rig/registry.js';
import { must } from '../rig/run.js';
import { transcript, type Varve } from '../rig/varve.js';
import type { Workbench } from '../rig/workbench.js';
import { allowances } from './allowances.js';
import { archiveFiles, type Combination, sourceFiles } from './copy-combinations.js';

/** What building the combinations takes. */
export interface Table {
  readonly bench: Workbench;
  readonly docker: Docker;
  readonly varve: Varve;
  readonly context: string;
  /** Reference of the base with everything prepared. */
  readonly base: string;
  /** When it was made, in seconds since 1970: everything with a later time is of a build. */
  readonly since: number;
}

/** What came of some combinations in one builder. */
export interface Built {
  readonly files: ReadonlyMap<string, FileFacts>;
  /** Names of those it refuses, with what it says. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Makes the context, and the base that all combinations start from. */
export async function prepareTable(
  parts: Pick<Table, 'bench' | 'docker' | 'varve'> & { readonly registry: Registry },
  all: readonly Combination[],
): Promise<Table> {
  const { bench, registry } = parts;
  const context = bench.path('table-context');
  await makeContext(undefined, context, [...sourceFiles, ...archiveFiles]);
  const root = bench.path('table-root');
  const owned = sourceFiles.map(file => ({ ...file, owner: [5, 6] as const }));
  const prepared = all.flatMap(({ name, prepared: files }) => [
    { path: `t/${name}`, directory: true as const },
    ...files.map(file => ({ ...file, path: `t/${name}/${file.path}` })),
  ]);
  await makeContext(undefined, join(root, 'src'), owned);
  await makeContext(undefined, root, prepared);
  await packLayer(root, bench.path('table.tar'));
  await makeLayout(bench.path('table-layout'), [bench.path('table.tar')], { cmd: [], env: [] });
  const base = `${registry.host}/copy-table:latest`;
  await copyImage(`oci:${bench.path('table-layout')}:latest`, `docker://${base}`);
  return { ...parts, context, base, since: Math.floor(Date.now() / 1000) - 1 };
}

/** Where both builders do not come to the same, in words, by the name of the combination. */
export async function compareCombinations(
  table: Table,
  name: string,
  batch: readonly Combination[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const [theirs, ours] = await Promise.all([
    buildAll(batch, lines => dockerTree(table, name, lines)),
    buildAll(batch, lines => varveTree(table, name, lines)),
  ]);
  const found = new Map<string, string[]>();
  const tell = (combination: string, what: string): void =>
    void found.set(combination, [...(found.get(combination) ?? []), what]);
  for (const { name: one, refused } of batch) {
    const [left, right] = [ours.refused.get(one), theirs.refused.get(one)];
    if (left !== undefined && right === undefined) tell(one, `Varve alone refuses it: ${left}`);
    if (left === undefined && right !== undefined) tell(one, `Docker alone refuses it: ${right}`);
    if (refused !== (right !== undefined))
      tell(one, `Docker ${right === undefined ? 'takes' : 'refuses'} it, which the table does not expect`);
  }
  const both = new Set([...ours.refused.keys(), ...theirs.refused.keys()]);
  const about = { ours: imageOf(ours.files), theirs: imageOf(theirs.files), since: table.since };
  for (const difference of diffFacts(about, allowances)) {
    const [, , combination = ''] = difference.where.split('/');
    if (!both.has(combination)) tell(combination, inWords(difference));
  }
  return found;
}

function inWords({ where, what, ours, theirs }: Difference): string {
  return `${where}: ${what}: varve ${JSON.stringify(ours)}, docker ${JSON.stringify(theirs)}`;
}

function imageOf(files: ReadonlyMap<string, FileFacts>): ImageFacts {
  return { config: { rootfs: { type: 'layers', diff_ids: [] } }, files, layers: 0 };
}

/** The outcome of a build: files, or the place in `lines` that it fails at. */
type TreeOutcome =
  | { readonly files: ReadonlyMap<string, FileFacts> }
  | { readonly failed: number; readonly message: string };

type Build = (lines: readonly string[]) => Promise<TreeOutcome>;

/** Builds in one go what is not expected to fail, leaving out what does until nothing does, and everything else by itself. */
async function buildAll(batch: readonly Combination[], build: Build): Promise<Built> {
  const refused = new Map<string, string>();
  for (const { name, line } of batch.filter(one => one.refused)) {
    const outcome = await build([line]);
    if (!('files' in outcome)) refused.set(name, outcome.message);
  }
  for (const left = batch.filter(one => !one.refused); ; ) {
    const outcome = await build(left.map(({ line }) => line));
    if ('files' in outcome) return { files: outcome.files, refused };
    const [out] = left.splice(outcome.failed, 1);
    if (out === undefined) throw new Error(`fails at no line of the table: ${outcome.message}`);
    refused.set(out.name, outcome.message);
  }
}

const head = ['FROM BASE AS made', 'FROM made', 'WORKDIR /t'];

function writeDockerfile({ bench, base }: Table, name: string, lines: readonly string[]): string {
  const file = bench.path(`${name}.Dockerfile`);
  writeFileSync(file, `${[...head, ...lines].join('\n')}\n`.replace('BASE', base));
  return file;
}

/** Docker's merged tree, as BuildKit itself writes it. */
async function dockerTree(table: Table, name: string, lines: readonly string[]): Promise<TreeOutcome> {
  const tar = table.bench.path(`${name}-docker.tar`);
  const file = writeDockerfile(table, `${name}-docker`, lines);
  const flags = ['--file', file, '--output', `type=tar,dest=${tar}`];
  const outcome = await newerBuild(table.docker, [...flags, table.context], { timeout: 600_000 });
  if (outcome.code !== 0) {
    const line = /^ *(\d+) \| >>> /m.exec(outcome.stderr)?.[1];
    if (line === undefined) throw new Error(transcript(outcome));
    const message = /^ERROR: .*/m.exec(outcome.stderr)?.[0] ?? '';
    return { failed: Number(line) - head.length - 1, message };
  }
  return { files: await tarTree(tar) };
}

async function tarTree(tar: string): Promise<ReadonlyMap<string, FileFacts>> {
  const root = `${tar}.root`;
  mkdirSync(root);
  const flags = ['--numeric-owner', '--same-permissions', '--xattrs', '--xattrs-include=*'];
  await must('tar', ['--extract', '--file', tar, '--directory', root, ...flags]);
  const [files = new Map()] = await treeFacts(root);
  for (const path of [root, tar]) rmSync(path, { recursive: true });
  return files;
}

/** Varve's layers, put together by umoci. */
async function varveTree(table: Table, name: string, lines: readonly string[]): Promise<TreeOutcome> {
  const { bench, varve, context } = table;
  const layout = bench.path(`${name}-varve`);
  const file = writeDockerfile(table, `${name}-varve`, lines);
  const flags = ['--file', file, '--progress', 'json', '--output', `type=oci,dest=${layout}`];
  const outcome = await varve(['build', context, ...flags], { timeout: 600_000 });
  if (outcome.code !== 0) {
    const [error] = toldErrors(outcome);
    if (error?.where === undefined) throw new Error(transcript(outcome));
    return { failed: error.where.line - head.length - 1, message: error.message };
  }
  const root = join(layout, 'root');
  await copyImage(`oci:${layout}`, `oci:${layout}:unpacked`);
  await must('umoci', ['raw', 'unpack', '--image', `${layout}:unpacked`, root]);
  const [files = new Map()] = await treeFacts(root);
  rmSync(layout, { recursive: true });
  return { files };
}
