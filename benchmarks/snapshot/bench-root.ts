import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type Detection, openDirectoryRoot } from '@varve/engine/kit';
import type { StageRoot } from '@varve/engine/plugin';

/** A root that was unpacked from a layer of made-up files. */
export interface BenchRoot extends AsyncDisposable {
  readonly root: StageRoot;
  /** Paths of its files. */
  readonly files: readonly string[];
  /** Milliseconds that unpacking took. */
  readonly unpacking: number;
}

export interface BenchTree {
  readonly files: number;
  /** Bytes of each file. */
  readonly size: number;
}

const filesInFolder = 9;

/** Makes a tree in the shape of a Debian (nine files a folder, folders in folders) and unpacks it below `parent`. */
export async function openBenchRoot(parent: string, tree: BenchTree, detection: Detection): Promise<BenchRoot> {
  const folder = mkdtempSync(`${parent}/varve-bench-`);
  const files = makeTree(`${folder}/source`, tree);
  const dir = `${folder}/owned`;
  mkdirSync(dir);
  const root = await openDirectoryRoot({ dir, canChown: process.getuid?.() === 0 }, detection);
  const tar = spawn('tar', ['--format=pax', '-C', `${folder}/source`, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const began = performance.now();
  await root.apply({ diffId: 'sha256:bench', tar: () => tar.stdout }, new AbortController().signal);
  const unpacking = performance.now() - began;
  rmSync(`${folder}/source`, { recursive: true });
  await root.beforeRun();
  return {
    root,
    files,
    unpacking,
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function makeTree(source: string, tree: BenchTree): readonly string[] {
  const files: string[] = [];
  for (let i = 0; files.length < tree.files; i++) {
    const folder = `usr/share/part${i % 23}/some-package-${i % 211}/folder-${i}`;
    mkdirSync(`${source}/${folder}`, { recursive: true });
    for (let k = 0; k < filesInFolder && files.length < tree.files; k++) {
      const path = `${folder}/module_name_${k}.py`;
      writeFileSync(`${source}/${path}`, Buffer.alloc(tree.size, `${i} ${k} `));
      utimesSync(`${source}/${path}`, 1_700_000_000, 1_700_000_000);
      files.push(path);
    }
  }
  return files;
}
