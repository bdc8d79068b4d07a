import type { MadeFile } from '../rig/context-files.js';

/** One line of the table: a COPY or ADD into a folder of its own, `/t/NAME`, which the base has prepared. */
export interface Combination {
  readonly name: string;
  /** What stands in the folder beforehand; paths relative to it. */
  readonly prepared: readonly MadeFile[];
  readonly line: string;
  /** Both builders have to refuse it. */
  readonly refused: boolean;
}

/** What a source comes down to, as far as it decides where it can go. */
type Kind = 'file' | 'empty' | 'folder' | 'both' | 'absent';

interface Source {
  readonly name: string;
  /** What stands in the line. */
  readonly words: string;
  /** What the source is called in a folder, to prepare something of that name. */
  readonly called: string;
  readonly kind: Kind;
}

interface Destination {
  readonly name: string;
  /** Path below the folder; a relative one counts from the working directory `/t`. */
  readonly path: string;
  readonly relative?: true;
  readonly prepared: (called: string) => readonly MadeFile[];
  /** The kinds of sources that cannot go there. */
  readonly refuses?: readonly Kind[];
}

/** The context, and, with other owners, `/src` of the base: one of each kind of thing that can be copied. */
export const sourceFiles: readonly MadeFile[] = [
  { path: 'a.txt', text: 'a', mode: '0640' },
  { path: 'empty', directory: true, mode: '0711' },
  { path: 'dir/f', text: 'f', mode: '0604' },
  { path: 'dir/sub/g', text: 'g', mode: '4755' },
  { path: 'dir/sub', directory: true, mode: '0710' },
  { path: 'dir/to-f', link: 'f' },
  { path: 'dir/lost', link: 'no/where' },
  { path: 'dir/h1', text: 'one file, two names' },
  { path: 'dir/h2', hardlink: 'dir/h1' },
  { path: 'dir', directory: true, mode: '1775' },
  { path: 'to-file', link: 'a.txt' },
  { path: 'to-dir', link: 'dir' },
  { path: 'to-nowhere', link: 'no/where' },
  { path: 'one/only.md', text: 'only' },
  { path: 'many/b.txt', text: 'b' },
  { path: 'many/c/x', text: 'x', mode: '0600' },
  { path: 'many/c', directory: true, mode: '0701' },
  { path: 'many/to-b', link: 'b.txt' },
];

/** Files of the context that no stage has. */
export const archiveFiles: readonly MadeFile[] = [
  {
    path: 'archive.tgz',
    tar: 'gzip',
    entries: [
      { path: 'f', text: 'from the archive', mode: '0640', owner: [7, 8] },
      { path: 'sub', directory: true, mode: '0750', owner: [7, 8] },
      { path: 'sub/g', text: 'deep' },
      { path: 'to-f', link: 'f' },
      { path: 'again', hardlink: 'f' },
    ],
  },
];

const plainFile: Source = { name: 'file', words: 'a.txt', called: 'a.txt', kind: 'file' };
const plainFolder: Source = { name: 'folder', words: 'dir', called: 'f', kind: 'folder' };
const severalSources: Source = { name: 'several', words: 'a.txt dir', called: 'a.txt', kind: 'both' };
const archive: Source = { name: 'archive', words: 'archive.tgz', called: 'f', kind: 'folder' };
const linkToFile: Source = { name: 'link-to-file', words: 'to-file', called: 'to-file', kind: 'file' };
const linkToFolder: Source = { name: 'link-to-folder', words: 'to-dir', called: 'f', kind: 'folder' };
const globOfMany: Source = { name: 'glob-of-many', words: 'many/*', called: 'b.txt', kind: 'both' };

const copied: readonly Source[] = [
  plainFile,
  linkToFile,
  { name: 'file-below-link', words: 'to-dir/f', called: 'f', kind: 'file' },
  { name: 'empty-folder', words: 'empty', called: 'f', kind: 'empty' },
  plainFolder,
  linkToFolder,
  globOfMany,
  severalSources,
];

const sources: readonly Source[] = [
  ...copied,
  { name: 'glob-of-one', words: 'one/*.md', called: 'only.md', kind: 'file' },
  { name: 'folder-slash', words: 'dir/', called: 'f', kind: 'folder' },
];

/** Sources that are not there, or lead nowhere. */
const absentSources: readonly Source[] = [
  { name: 'dangling', words: 'to-nowhere', called: 'to-nowhere', kind: 'absent' },
  { name: 'dangling-by-glob', words: 'to-nowh*', called: 'to-nowhere', kind: 'absent' },
  { name: 'not-there', words: 'not-there', called: 'not-there', kind: 'absent' },
];

const file = (path: string): MadeFile => ({ path, text: 'old', mode: '0620', owner: [12, 34] });
const folder = (path: string, called: string): MadeFile[] => [
  file(`${path}/keep`),
  file(`${path}/${called}`),
  { path, directory: true, mode: '0751', owner: [12, 34] },
];
const link = (path: string, target: string): MadeFile => ({ path, link: target });
const nothing = (): readonly MadeFile[] => [];

const folders: readonly Kind[] = ['empty', 'folder', 'both'];
const everything: readonly Kind[] = ['file', ...folders];
/** The second of several sources cannot be put where the first one is a file. */
const several: readonly Kind[] = ['both'];

/** Destinations; those that end in a slash and those that do not mean different things. */
const destinations: readonly Destination[] = [
  { name: 'missing', path: 'new', prepared: nothing, refuses: several },
  { name: 'missing-slash', path: 'new/', prepared: nothing },
  { name: 'missing-dot', path: 'new/.', prepared: nothing },
  { name: 'nested', path: 'new/deep/er', prepared: nothing, refuses: several },
  { name: 'nested-slash', path: 'new/deep/er/', prepared: nothing },
  { name: 'relative', path: 'new', relative: true, prepared: nothing, refuses: several },
  { name: 'file', path: 'd', prepared: () => [file('d')], refuses: folders },
  { name: 'file-slash', path: 'd/', prepared: () => [file('d')], refuses: everything },
  { name: 'below-file', path: 'd/in', prepared: () => [file('d')], refuses: everything },
  ...['d', 'd/', 'd/.'].map((path, index) => ({
    name: `folder${['', '-slash', '-dot'][index]}`,
    path,
    prepared: (called: string) => folder('d', called),
  })),
  { name: 'relative-folder', path: 'd/', relative: true, prepared: called => folder('d', called) },
  { name: 'link-to-file', path: 'd', prepared: () => [file('real'), link('d', 'real')], refuses: folders },
  { name: 'link-to-file-slash', path: 'd/', prepared: () => [file('real'), link('d', 'real')], refuses: everything },
  ...['d', 'd/'].map((path, index) => ({
    name: `link-to-folder${['', '-slash'][index]}`,
    path,
    prepared: (called: string) => [...folder('real', called), link('d', 'real')],
  })),
  { name: 'dangling', path: 'd', prepared: () => [link('d', 'real')], refuses: several },
  { name: 'dangling-slash', path: 'd/', prepared: () => [link('d', 'real')] },
  {
    name: 'below-link',
    path: 'd/in',
    prepared: called => [...folder('real', called), link('d', 'real')],
    refuses: several,
  },
  { name: 'below-link-slash', path: 'd/in/', prepared: called => [...folder('real', called), link('d', 'real')] },
  { name: 'below-dangling', path: 'd/in', prepared: () => [link('d', 'real')], refuses: several },
  {
    name: 'dot-dot',
    path: 'd/../new',
    prepared: called => [...folder('real/d', called), link('d', 'real/d')],
    refuses: several,
  },
  {
    name: 'below-setgid',
    path: 'd/x/y/',
    prepared: () => [{ path: 'd', directory: true, mode: '2775', owner: [12, 34] }],
  },
  {
    name: 'folder-with-folder-of-that-name',
    path: 'd/',
    prepared: called => folder(`d/${called}`, 'inner'),
    refuses: ['file', 'folder', 'both'],
  },
  {
    name: 'folder-with-link-of-that-name',
    path: 'd/',
    prepared: called => [file('real'), link(`d/${called}`, '../real')],
  },
  {
    name: 'folder-with-link-to-folder-of-that-name',
    path: 'd/',
    prepared: called => [...folder('real', 'inner'), link(`d/${called}`, '../real')],
  },
];

/**
 * The combinations, by what the instruction is. What is refused is tried with the plainest sources alone. `all` crosses everything;
 * without it the flags meet fewer sources.
 */
export function combinations({ all = false } = {}): readonly Combination[] {
  const few = (...some: readonly Source[]): readonly Source[] => (all ? sources : some);
  const inStage = few(plainFolder, linkToFile).map(source => ({
    ...source,
    words: source.words.replace(/(^| )/g, '$1/src/'),
  }));
  return [
    ...crossed('copy', 'COPY', few(...copied)),
    ...crossed('copy', 'COPY', absentSources, destinations.slice(0, 1)),
    ...crossed('link', 'COPY --link', few(plainFile, plainFolder, linkToFolder)),
    ...crossed('chown', 'COPY --chown=33:44', few(plainFile, plainFolder)),
    ...crossed('chmod', 'COPY --chmod=0750', few(plainFile, plainFolder)),
    ...crossed('stage', 'COPY --from=made', inStage),
    ...crossed('add', 'ADD', [archive, ...(all ? sources : [])]),
    ...crossed('add-chown', 'ADD --chown=33:44', [archive]),
  ];
}

function refusedThere({ kind }: Source, { refuses = [] }: Destination): boolean {
  return kind === 'absent' || refuses.includes(kind);
}

/** With `--link` nothing is there, whatever the base holds. */
function refusedOnNothing({ kind }: Source, { path }: Destination): boolean {
  return kind === 'both' && !/[/.]$/.test(path);
}

const plainest: readonly string[] = [plainFile, plainFolder, severalSources, ...absentSources].map(({ name }) => name);

function crossed(
  how: string,
  words: string,
  from: readonly Source[],
  to: readonly Destination[] = destinations,
): readonly Combination[] {
  const found = from.flatMap(source =>
    to.map((target): Combination => {
      const name = `${how}.${source.name}.to.${target.name}`;
      const path = `${target.relative ? '' : '/t/'}${name}/${target.path}`;
      const refused = how === 'link' ? refusedOnNothing(source, target) : refusedThere(source, target);
      return { name, prepared: target.prepared(source.called), line: `${words} ${source.words} ${path}`, refused };
    }),
  );
  return found.filter(
    ({ name, refused }) => !refused || (how === 'copy' && plainest.includes(name.split('.')[1] ?? '')),
  );
}
