/** What the root holds before a case begins. A value is content, or says what else the path is. */
export type BaseFiles = Readonly<Record<string, string | BaseFile>>;
export type BaseFile =
  | { readonly type: 'directory'; readonly mode?: number }
  | { readonly type: 'symlink'; readonly target: string }
  | {
      readonly type: 'file';
      readonly content: string;
      readonly mode?: number;
      readonly xattrs?: ReadonlyMap<string, Uint8Array>;
    }
  /** Another name of a file that comes before it. */
  | { readonly type: 'link'; readonly to: string };

/** The files that most cases start from; all have the same old mtime. */
export const usualBase: BaseFiles = {
  d: { type: 'directory' },
  'd/empty': { type: 'directory' },
  'd/file': 'hello, world',
  'd/full': { type: 'directory' },
  'd/full/a': 'a',
  'd/full/b': { type: 'directory' },
  'd/full/b/c': 'c',
  'd/full/b/e': { type: 'directory' },
  'd/link': { type: 'symlink', target: 'file' },
  'd/other': 'other',
  'd/twin1': 'twins',
  'd/twin2': { type: 'link', to: 'd/twin1' },
  'd/with-xattr': { type: 'file', content: 'x', xattrs: new Map([['user.note', Buffer.from('one')]]) },
};
