import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';

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
const block = 512;
const bufferSize = 1 << 20;

/** Makes the tar of a tree in the shape of a Debian (nine files a folder, folders in folders), in a folder below `scratch`. */
export function makeTree(scratch: string, shape: TreeShape): BenchTree {
  const folder = mkdtempSync(`${scratch}/varve-bench-tree-`);
  const tar = `${folder}/layer.tar`;
  const files: string[] = [];
  const known = new Set<string>();
  const writer = new TarWriter(tar);
  for (let i = 0; files.length < shape.files; i++) {
    const dir = `usr/share/part${i % 23}/some-package-${i % 211}/folder-${i}`;
    for (let end = dir.indexOf('/'); end !== -1; end = dir.indexOf('/', end + 1)) {
      const above = dir.slice(0, end);
      if (!known.has(above)) writer.directory(above);
      known.add(above);
    }
    writer.directory(dir);
    for (let k = 0; k < filesInFolder && files.length < shape.files; k++) {
      const path = `${dir}/module_name_${k}.py`;
      writer.file(path, Buffer.alloc(shape.size, `${i} ${k} `));
      files.push(path);
    }
  }
  writer.end();
  return { tar, files, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Writes a plain ustar; paths have less than 100 bytes. */
class TarWriter {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(bufferSize);
  #used = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  directory(path: string): void {
    this.#header(`${path}/`, '5', 0);
  }

  file(path: string, content: Buffer): void {
    this.#header(path, '0', content.length);
    this.#put(content);
    this.#put(Buffer.alloc((block - (content.length % block)) % block));
  }

  end(): void {
    this.#put(Buffer.alloc(2 * block));
    this.#flush();
    closeSync(this.#fd);
  }

  #header(path: string, type: string, size: number): void {
    const header = Buffer.alloc(block);
    const octal = (value: number, at: number, digits: number): void =>
      void header.write(value.toString(8).padStart(digits, '0'), at);
    header.write(path, 0);
    octal(type === '5' ? 0o755 : 0o644, 100, 7);
    octal(process.getuid?.() ?? 0, 108, 7);
    octal(process.getgid?.() ?? 0, 116, 7);
    octal(size, 124, 11);
    octal(1_700_000_000, 136, 11);
    header.fill(0x20, 148, 156);
    header.write(type, 156);
    header.write('ustar\u000000', 257);
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      6,
    );
    header[154] = 0;
    this.#put(header);
  }

  #put(bytes: Buffer): void {
    if (this.#used + bytes.length > bufferSize) this.#flush();
    if (bytes.length > bufferSize) {
      writeAll(this.#fd, bytes);
      return;
    }
    this.#used += bytes.copy(this.#buffer, this.#used);
  }

  #flush(): void {
    writeAll(this.#fd, this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
