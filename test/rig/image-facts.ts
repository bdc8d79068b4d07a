import { mkdirSync } from 'node:fs';
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
  readonly files: ReadonlyMap<string, FileFacts>;
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

/** Reads an image from any of skopeo's transports: `docker://…`, `oci:DIR:TAG`, `docker-archive:FILE`. */
export type FactReader = (source: string) => Promise<ImageFacts>;

/**
 * A reader of images that uses independent programs: skopeo fetches, umoci unpacks as root, Python looks at every path.
 * Blobs stay in one layout of the workbench, so that a base that many images share is fetched once; skopeo and umoci
 * lock nothing there, so they take turns.
 */
export function factReader(bench: Workbench): FactReader {
  const layout = bench.path('facts-layout');
  let turn: Promise<unknown> = Promise.resolve();
  let count = 0;
  return async source => {
    count += 1;
    const name = `image-${count}`;
    const root = bench.path('facts', name);
    const config = await configFacts(source);
    mkdirSync(bench.path('facts'), { recursive: true });
    const unpacked = turn.then(async () => {
      await copyImage(source, `oci:${layout}:${name}`);
      await must('umoci', ['raw', 'unpack', '--image', `${layout}:${name}`, root]);
    });
    turn = unpacked.catch(() => undefined);
    await unpacked;
    const files = await treeFacts(root);
    removeFolder(root);
    return { config, files, layers: config.rootfs.diff_ids.length };
  };
}

/** The config blob of an image as it is stored, with the fields that OCI leaves out (Healthcheck, OnBuild, Shell). */
export async function configFacts(source: string): Promise<ImageConfigFacts> {
  const plain = source.startsWith('docker://') ? ['--tls-verify=false'] : [];
  return JSON.parse(await must('skopeo', ['--insecure-policy', 'inspect', '--config', '--raw', ...plain, source]));
}

/** The facts of every path below a folder, by absolute path inside it. */
export async function treeFacts(root: string): Promise<Map<string, FileFacts>> {
  const lines = (await must('python3', [inRepository('test/rig/walk.py'), root])).trimEnd().split('\n');
  const entries = lines.map(line => JSON.parse(line) as WalkedEntry);
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
