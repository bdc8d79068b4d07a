import { compilePatterns } from '@varve/dockerfile';
import { lookupOwner } from '../../executor/users.js';
import type { FileContent } from '../../model/change.js';
import { VarveError } from '../../model/error.js';
import { inRange } from '../../model/place.js';
import type { StepState } from '../../model/step.js';
import type { OpenedSource, StepWorld, TreeView } from '../../plugin/instruction.js';
import { type Selected, selectSources } from '../../tree/select.js';
import { selectParents } from '../../tree/select-parents.js';
import { absolutePath } from '../paths.js';
import { octalMode, parseChmod } from './chmod.js';
import { Draft } from './draft.js';
import { type LayOptions, type LaySource, layArchive, layCopy, prepareTarget } from './lay.js';
import { planTransfer, type Transfer } from './sources.js';

const root = { uid: 0, gid: 0 };

/** A file that is no source's: downloaded, or written in the Dockerfile. */
interface NewFile {
  readonly name: string;
  readonly mode: number;
  readonly content: FileContent;
  readonly size: number;
  readonly mtimeNs: bigint;
}

/** One transfer while it is laid out: sources in the order of the line, each onto what the ones before it made. */
export class Layout {
  readonly draft: Draft;
  readonly #instruction: Transfer;
  readonly #world: StepWorld;
  readonly #destination: string;
  readonly #options: LayOptions;
  #selections = 0;

  /** `tree` is what the files are laid onto. */
  constructor(instruction: Transfer, state: StepState, world: StepWorld, tree: TreeView) {
    const { chown, chmod, excludes } = instruction;
    this.#instruction = instruction;
    this.#world = world;
    this.draft = new Draft(tree);
    this.#destination = absolutePath(state.config.config?.WorkingDir, instruction.destination.value);
    const groups = new Map<string, number>();
    const madeMode = chmod && octalMode(chmod.value);
    this.#options = {
      ...(chown ? { owner: lookupOwner(tree.passwd, tree.group, chown.value) } : {}),
      ...(chmod ? { chmod: parseChmod(chmod.value) } : {}),
      ...(madeMode === undefined ? {} : { madeMode }),
      nowNs: world.nowNs,
      group(selection, group) {
        const name = `${selection}:${group}`;
        const known = groups.get(name) ?? groups.size + 1;
        groups.set(name, known);
        return known;
      },
      ...(excludes.length > 0 ? { excludes: compilePatterns(excludes.map(word => word.value)) } : {}),
    };
  }

  async lay(): Promise<this> {
    for (const source of planTransfer(this.#instruction).order) {
      if (source.kind === 'url') await this.#layDownload(source.download);
      else if (source.kind === 'git') await this.#layRepository(source.source);
      else await inRange(source.word.range, () => this.#layPaths(source.source, source.word.value));
    }
    for (const { name, content } of this.#instruction.heredocs) {
      const bytes = Buffer.from(content);
      this.#layFile({
        name,
        mode: 0o644,
        content: { kind: 'bytes', bytes },
        size: bytes.length,
        mtimeNs: this.#world.nowNs,
      });
    }
    return this;
  }

  /** The contents that the draft wants, made readable, in its order. */
  async contents(): Promise<readonly FileContent[]> {
    const wanted = this.draft.wanted();
    const bySource = new Map<number, string[]>();
    for (const { source, path } of wanted) {
      const paths = bySource.get(source) ?? [];
      bySource.set(source, paths);
      paths.push(path);
    }
    const read = new Map<number, Iterator<FileContent>>();
    for (const [index, paths] of bySource) {
      const source = await this.#world.source(index);
      read.set(index, (await source.contents(paths)).values());
    }
    return wanted.map(({ source }) => (read.get(source) as Iterator<FileContent>).next().value as FileContent);
  }

  async #layPaths(index: number, pattern: string): Promise<void> {
    const source = await this.#world.source(index);
    if (this.#instruction.keyword === 'COPY' && this.#instruction.parents) {
      const { bases, includes } = selectParents(source.tree, pattern);
      // Of a file nothing is below it.
      for (const base of bases)
        if (source.tree.entry(base.path)?.type !== 'file') this.#layOne(source, { ...base, index, includes });
      return;
    }
    for (const selected of selectSources(source.tree, pattern)) {
      if (source.tree.entry(selected.path)?.type === 'file' && this.#unpacks(true)) {
        const [file] = await source.contents([selected.path]);
        if (await this.#layArchive(file as FileContent)) continue;
      }
      this.#layOne(source, { ...selected, index });
    }
  }

  async #layRepository(index: number): Promise<void> {
    this.#layOne(await this.#world.source(index), { index, path: '', name: '' });
  }

  #layOne(
    source: OpenedSource,
    { path, name, index, includes }: Selected & Pick<LaySource, 'index' | 'includes'>,
  ): void {
    const { tree } = source;
    const isDirectory = path === '' || tree.entry(path)?.type === 'directory';
    const target = prepareTarget(this.draft, this.#destination, { isDirectory, name }, this.#options);
    const options = source.keepsOwners ? this.#options : { owner: root, ...this.#options };
    layCopy(this.draft, { index, selection: this.#selections++, tree, path, name, includes }, target, options);
  }

  async #layDownload(index: number): Promise<void> {
    const file = await this.#world.download(index);
    const content: FileContent = { kind: 'path', path: file.path };
    if (this.#unpacks(false) && (await this.#layArchive(content))) return;
    this.#layFile({ name: file.name, mode: 0o600, content, size: file.size, mtimeNs: file.mtimeNs });
  }

  #unpacks(byDefault: boolean): boolean {
    return this.#instruction.keyword === 'ADD' && (this.#instruction.unpack ?? byDefault);
  }

  /** False where the file is no archive. */
  async #layArchive(file: FileContent): Promise<boolean> {
    const members = await this.#world.unpackArchive(file);
    if (!members) return false;
    const archive = { members, selection: this.#selections++ };
    layArchive(this.draft, archive, this.draft.resolve(this.#destination), this.#options);
    return true;
  }

  #layFile(file: NewFile): void {
    const { owner, chmod } = this.#options;
    const { name, mode, size, mtimeNs } = file;
    const target = prepareTarget(this.draft, this.#destination, { isDirectory: false, name }, this.#options);
    if (this.draft.entry(target)?.type === 'directory')
      throw new VarveError('E_COPY_OVER_DIRECTORY', `the file "${name}" cannot replace the directory "/${target}"`);
    const ids = owner ?? root;
    const entry = { type: 'file', mode: chmod ? chmod(mode, false) : mode, ...ids, size, mtimeNs } as const;
    this.draft.write(target, entry, { kind: 'ready', content: file.content });
  }
}
