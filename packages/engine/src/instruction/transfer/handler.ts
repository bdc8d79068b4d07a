import type { AddInstruction, CopyInstruction } from '@varve/dockerfile';
import { compilePatterns } from '@varve/dockerfile';
import { lookupOwner } from '../../executor/users.js';
import { frame } from '../../key/key.js';
import type { FileContent } from '../../model/change.js';
import { VarveError } from '../../model/error.js';
import { placeOf } from '../../model/place.js';
import type { StepDownload, StepInputs, StepSource, StepState } from '../../model/step.js';
import type { FileEffect, InstructionHandler, OpenedSource, StepWorld, TreeView } from '../../plugin/instruction.js';
import { selectSources } from '../../tree/select.js';
import { absolutePath } from '../paths.js';
import { parseChmod } from './chmod.js';
import { Draft } from './draft.js';
import { type LayOptions, layArchive, layCopy, makeDirectories, prepareTarget } from './lay.js';

type Transfer = CopyInstruction | AddInstruction;

/** COPY and ADD: writes of files that are known without looking at a root file system. */
export const transfer: InstructionHandler<Transfer> = {
  inputs(instruction, state): StepInputs {
    refuseUnsupported(instruction);
    const { chown, chmod, destination } = instruction;
    if (chmod) parseChmod(chmod.value);
    const urls = instruction.sources.filter(source => isUrl(instruction, source.value));
    const paths = instruction.sources.filter(source => !isUrl(instruction, source.value)).map(source => source.value);
    return {
      config: state.config,
      createdBy: createdBy(instruction),
      effect: 'known',
      fields: {
        destination: absolutePath(state.config.config?.WorkingDir, destination.value),
        order: frame(instruction.sources.map(source => (isUrl(instruction, source.value) ? 'url' : 'path'))),
        ...(chown ? { chown: chown.value } : {}),
        ...(chmod ? { chmod: chmod.value } : {}),
        ...(instruction.link ? { link: 'true' } : {}),
        ...(instruction.excludes.length > 0 ? { excludes: frame(instruction.excludes.map(word => word.value)) } : {}),
        ...(instruction.keyword === 'ADD' && instruction.unpack !== undefined
          ? { unpack: String(instruction.unpack) }
          : {}),
        ...(instruction.heredocs.length > 0
          ? { heredocs: frame(instruction.heredocs.flatMap(doc => [doc.name, doc.content])) }
          : {}),
      },
      ...(paths.length > 0 ? { sources: [sourceOf(instruction, paths)] } : {}),
      ...(urls.length > 0 ? { downloads: urls.map(url => downloadOf(instruction, url.value)) } : {}),
    };
  },
  async perform(instruction, state, world): Promise<FileEffect> {
    const tree = await world.tree();
    const layout = await new Layout(instruction, state, world, tree).lay();
    const contents = await layout.contents();
    return { kind: 'known', changes: layout.draft.changes(contents) };
  },
};

/** The source a transfer reads paths from; the planner puts what `--from` names in the place of its text. */
function sourceOf(instruction: Transfer, patterns: readonly string[]): StepSource {
  const from = instruction.keyword === 'COPY' ? instruction.from?.value : undefined;
  return {
    ref: from === undefined ? { kind: 'context', name: '' } : { kind: 'image', reference: from },
    patterns,
    ...(instruction.excludes.length > 0 ? { excludes: instruction.excludes.map(word => word.value) } : {}),
  };
}

function isUrl(instruction: Transfer, source: string): boolean {
  return instruction.keyword === 'ADD' && /^https?:\/\//.test(source);
}

function downloadOf(instruction: Transfer, url: string): StepDownload {
  const checksum = instruction.keyword === 'ADD' ? instruction.checksum?.value : undefined;
  return { url, ...(checksum === undefined ? {} : { checksum }) };
}

/** What the language has and the engine does not carry out yet is refused, never dropped. */
function refuseUnsupported(instruction: Transfer): void {
  const refuse = (what: string, hint: string): never => {
    throw new VarveError('E_UNSUPPORTED', `${instruction.keyword} ${what} is not supported yet`, {
      hint,
      where: placeOf(instruction.range),
    });
  };
  if (instruction.keyword === 'COPY' && instruction.parents)
    refuse('--parents', 'copy each directory to its place with a COPY of its own');
  if (instruction.keyword === 'ADD' && instruction.keepGitDir !== undefined)
    refuse('--keep-git-dir', 'clone the repository in a RUN');
  for (const source of instruction.sources)
    if (instruction.keyword === 'ADD' && /^(git@|git:\/\/|ssh:\/\/)|^https?:\/\/.*\.git(#|$)/.test(source.value))
      refuse(`of the git repository ${source.value}`, 'clone the repository in a RUN, or give it with --build-context');
}

function createdBy(instruction: Transfer): string {
  const words = [
    instruction.keyword,
    ...(instruction.keyword === 'COPY' && instruction.parents ? ['--parents'] : []),
    ...(instruction.chown ? [`--chown=${instruction.chown.value}`] : []),
    ...(instruction.chmod ? [`--chmod=${instruction.chmod.value}`] : []),
    ...instruction.sources.map(source => source.value),
    ...instruction.heredocs.map(doc => `<<${doc.name}`),
    instruction.destination.value,
  ];
  return `${words.join(' ')} # buildkit`;
}

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
class Layout {
  readonly draft: Draft;
  readonly #instruction: Transfer;
  readonly #world: StepWorld;
  readonly #destination: string;
  readonly #options: LayOptions;
  #paths: OpenedSource | undefined;
  #selections = 0;

  constructor(instruction: Transfer, state: StepState, world: StepWorld, tree: TreeView) {
    const { chown, chmod, excludes, link } = instruction;
    this.#instruction = instruction;
    this.#world = world;
    // A linked layer knows nothing of what is below it.
    this.draft = new Draft(link ? world.scratch() : tree);
    this.#destination = absolutePath(state.config.config?.WorkingDir, instruction.destination.value);
    const groups = new Map<string, number>();
    const matcher = excludes.length > 0 ? compilePatterns(excludes.map(word => word.value)) : undefined;
    this.#options = {
      ...(chown ? { owner: lookupOwner(tree.passwd, tree.group, chown.value) } : {}),
      ...(chmod ? { chmod: parseChmod(chmod.value) } : {}),
      nowNs: world.nowNs,
      group(selection, group) {
        const name = `${selection}:${group}`;
        const known = groups.get(name) ?? groups.size + 1;
        groups.set(name, known);
        return known;
      },
      ...(matcher ? { excludes: (path: string) => matcher.matches(path) } : {}),
    };
  }

  async lay(): Promise<this> {
    let download = 0;
    for (const source of this.#instruction.sources) {
      if (isUrl(this.#instruction, source.value)) await this.#layDownload(download++);
      else await this.#layPaths(source.value);
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

  /** The contents that the draft wants, made readable. */
  async contents(): Promise<readonly FileContent[]> {
    const wanted = this.draft.wanted();
    return wanted.length === 0 ? [] : (this.#paths as OpenedSource).contents(wanted.map(({ path }) => path));
  }

  async #layPaths(pattern: string): Promise<void> {
    this.#paths ??= await this.#world.source(0);
    const source = this.#paths;
    for (const { path, name } of selectSources(source.tree, pattern)) {
      const entry = source.tree.entry(path);
      if (entry?.type === 'file' && this.#unpacks(true)) {
        const [file] = await source.contents([path]);
        if (await this.#layArchive(file as FileContent)) continue;
      }
      const target = prepareTarget(
        this.draft,
        this.#destination,
        { isDirectory: entry?.type === 'directory', name },
        this.#options,
      );
      const options = source.keepsOwners ? this.#options : { owner: root, ...this.#options };
      layCopy(this.draft, { index: 0, selection: this.#selections++, tree: source.tree, path, name }, target, options);
    }
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
    const target = this.draft.resolve(this.#destination);
    makeDirectories(this.draft, target, this.#options);
    layArchive(this.draft, members, target, this.#options);
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
