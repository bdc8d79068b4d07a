import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';

export interface TreeShape {
  readonly files: number;
  /** Bytes of each file. */
  readonly size: number;
}

/** A made-up file system as the tar of a layer, in a file. */
export interface BenchTree extends Disposable {
  readonly tar: string;
  /** Paths of its files. */
  readonly files: readonly string[];
}

const filesInFolder = 9;

/** Makes a tree in the shape of a Debian (nine files a folder, folders in folders). What it needs is below `scratch`. */
export function makeTree(scratch: string, shape: TreeShape): BenchTree {
  const folder = mkdtempSync(`${scratch}/varve-bench-tree-`);
  const source = `${folder}/source`;
  const files: string[] = [];
  for (let i = 0; files.length < shape.files; i++) {
    const dir = `usr/share/part${i % 23}/some-package-${i % 211}/folder-${i}`;
    mkdirSync(`${source}/${dir}`, { recursive: true });
    for (let k = 0; k < filesInFolder && files.length < shape.files; k++) {
      const path = `${dir}/module_name_${k}.py`;
      writeFileSync(`${source}/${path}`, Buffer.alloc(shape.size, `${i} ${k} `));
      utimesSync(`${source}/${path}`, 1_700_000_000, 1_700_000_000);
      files.push(path);
    }
  }
  const tar = `${folder}/layer.tar`;
  const { status, stderr } = spawnSync('tar', ['--format=pax', '-C', source, '-cf', tar, '.']);
  if (status !== 0) throw new Error(`tar: ${stderr.toString()}`);
  rmSync(source, { recursive: true });
  return { tar, files, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
