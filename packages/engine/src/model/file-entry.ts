/** The types of file that a layer can hold (OCI image-spec, layer.md "File Types"). */
export type FileType = 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo';

/** Everything that a layer says of one path but its content. Plain and immutable: it crosses threads and processes. */
export interface FileEntry {
  readonly type: FileType;
  /** Permission bits with setuid, setgid and sticky: `0o7777` at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for everything but files. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Target of a symbolic link, as stored (never resolved). Bytes-safe like a {@link TreePath}. */
  readonly linkTarget?: string;
  /** Of a `char` or `block` device. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** Full names (`security.capability`, `user.…`) to raw values. Absent when there are none. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /**
   * Paths of one tree with the same group are hard links of one file. Numbers have a meaning only within the tree or
   * change set that they came with. Absent when the file has one name.
   */
  readonly linkGroup?: number;
}
