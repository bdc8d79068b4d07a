import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyImage } from './registry.js';
import { removeFolder } from './remove-folder.js';
import { inRepository } from './repository.js';
import { must } from './run.js';
import type { Workbench } from './workbench.js';

/** What is known of one path of an image's merged root file system. */
export interface FileFacts {
  readonly type: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly size?: number;
  readonly sha256?: string;
  readonly target?: string;
  readonly device?: string;
  /** Values in hex. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** All names of the same file, when it has more than one. */
  readonly hardLinks?: readonly string[];
}

/** An image as other programs see it: its config as written, and its layers put together. */
export interface ImageFacts {
  readonly config: ImageConfigFacts;
  readonly files: FileTree;
  readonly layers: number;
}

/** The parts of an image config (Docker's or OCI's; both spell them alike) that matter. */
export interface ImageConfigFacts {
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly author?: string;
  readonly history?: readonly {
    readonly empty_layer?: boolean;
    readonly created_by?: string;
    readonly comment?: string;
  }[];
}

/** One line of walk.py. */
type WalkedEntry = Omit<FileFacts, 'hardLinks'> & {
  readonly path: string;
  readonly inode: string;
  readonly links: number;
};

/** Reads images, each from a folder with an OCI layout of one image (`oci:DIR`) or a registry in plain HTTP (`docker://HOST/NAME`). */
export type FactReader = (...sources: readonly string[]) => Promise<readonly ImageFacts[]>;

/** A reader of images that uses independent programs: skopeo fetches, umoci unpacks as root, Python looks at every path. */
export function factReader(bench: Workbench): FactReader {
  let count = 0;
  return async (...sources) => {
    const images = await Promise.all(
      sources.map(async source => {
        count += 1;
        const folder = bench.path('facts', String(count));
        mkdirSync(folder, { recursive: true });
        return { config: await configFacts(source), folder, root: await unpacked(source, folder) };
      }),
    );
    const trees = await treeFacts(...images.map(({ root }) => root));
    return images.map(({ config, folder }, index) => {
      removeFolder(folder);
      return { config, files: trees[index] as FileTree, layers: config.rootfs.diff_ids.length };
    });
  };
}

/** Unpacks an image below `folder`; gives the root. */
async function unpacked(source: string, folder: string): Promise<string> {
  const isLayout = source.startsWith('oci:');
  const layout = isLayout ? source.slice('oci:'.length) : join(folder, 'layout');
  if (!isLayout) await copyImage(source, `oci:${layout}:latest`);
  nameImage(layout);
  const root = join(folder, 'root');
  await must('umoci', ['raw', 'unpack', '--image', `${layout}:latest`, root]);
  return root;
}

/** Calls the image of a layout `latest`: umoci finds images by their names alone. */
function nameImage(layout: string): void {
  const file = join(layout, 'index.json');
  const index = readJson(file) as LayoutIndex;
  const [image] = index.manifests;
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(file, JSON.stringify({ ...index, manifests: [{ ...image, annotations }] }));
}

interface LayoutIndex {
  readonly manifests: readonly [{ readonly digest: string }];
}

/** What a manifest names. */
interface Manifest {
  readonly config: { readonly digest: string };
}

/** The config blob of an image as it is stored, with the fields that OCI leaves out (Healthcheck, OnBuild, Shell). */
export async function configFacts(source: string): Promise<ImageConfigFacts> {
  if (source.startsWith('oci:')) {
    const layout = source.slice('oci:'.length);
    const blob = (digest: string): unknown => readJson(join(layout, 'blobs', digest.replace(':', '/')));
    const index = readJson(join(layout, 'index.json')) as LayoutIndex;
    const manifest = blob(index.manifests[0].digest) as Manifest;
    return blob(manifest.config.digest) as ImageConfigFacts;
  }
  const [, host, name] = /^docker:\/\/([^/]+)\/(.+)$/.exec(source) as RegExpExecArray;
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${host}/v2/${name}/${path}`, { headers: { accept: manifestTypes } });
    if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`);
    return answer.json();
  };
  const manifest = (await get('manifests/latest')) as Manifest;
  return (await get(`blobs/${manifest.config.digest}`)) as ImageConfigFacts;
}

const manifestTypes =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The facts of every path, by absolute path inside its root. */
export type FileTree = ReadonlyMap<string, FileFacts>;

/** The facts of every path below some folders, in their order. */
export async function treeFacts(...roots: readonly string[]): Promise<readonly FileTree[]> {
  const walked = await must('python3', [inRepository('test/rig/walk.py'), ...roots]);
  // Each root ends with an empty line.
  return walked.split('\n\n').slice(0, -1).map(fileTree);
}

function fileTree(lines: string): FileTree {
  const entries = lines.split('\n').map(line => JSON.parse(line) as WalkedEntry);
  const groups = new Map<string, string[]>();
  for (const entry of entries) {
    if (entry.type === 'directory' || entry.links < 2) continue;
    groups.set(entry.inode, [...(groups.get(entry.inode) ?? []), entry.path]);
  }
  return new Map(
    entries.map(({ path, inode, links: _, ...facts }) => {
      const names = groups.get(inode);
      return [path, names !== undefined && names.length > 1 ? { ...facts, hardLinks: names } : facts];
    }),
  );
}
