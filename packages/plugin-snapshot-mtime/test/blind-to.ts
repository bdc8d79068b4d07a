/** The cases that this snapshotter cannot pass: all of them change a content under the same size and mtime. The README says the same. */
export const blindTo = [
  'edit of the same size with restored mtime',
  'replaced by another file of the same size and mtime',
  'one byte in the middle of a large file, with restored mtime',
  'content changed through a shared mapping',
  'content changed through a shared mapping, with restored mtime',
  'file of an earlier step edited with restored mtime',
  'file that is newer than the baseline edited at once, mtime equal',
  'file whose name is not UTF-8 edited with restored mtime',
] as const;
