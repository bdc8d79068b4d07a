import { join } from 'node:path';
import type { Platform } from '@varve/oci';
import { lookingUp } from '../graph/meant-stage.js';
import { frame, imageFilesKey } from '../key/key.js';
import { fileSystemTraits } from '../kit/file-system-traits.js';
import { VarveError } from '../model/error.js';
import { isGitReference } from '../model/git-reference.js';
import type { SourceRef } from '../model/graph.js';
import type { Layer } from '../model/layer.js';
import type { TreePath } from '../model/path.js';
import type { StepSource } from '../model/step.js';
import { isWithin } from '../path/name.js';
import type { Memory } from '../plugin/cache.js';
import type { OpenedContext } from '../plugin/context.js';
import type { OpenedSource } from '../plugin/instruction.js';
import { contentDigest, type DigestFiles, repositoryDigest } from '../sources/content-digest.js';
import { type ContextSource, openContextFolder } from '../sources/context-source.js';
import type { Images } from '../sources/images.js';
import { digestOfKnown, digestsOfKnown } from '../sources/known-contents.js';
import { openLayers } from '../sources/layer-source.js';
import type { Trees } from '../sources/trees.js';
import { emptyTree } from '../tree/index.js';
import { layerWorkSize } from './layer-work-size.js';
import { openContext } from './open-context.js';
import { fetchFailure } from './root.js';
import type { Session } from './session.js';

export interface SourceServiceInput {
  readonly session: Session;
  readonly context: OpenedContext;
  /** Candidates for the ignore file of the build context, the first that exists counts. */
  readonly ignoreFiles: readonly string[];
  readonly images: Images;
  readonly trees: Trees;
  readonly platform: Platform;
  /** What is known of files from earlier builds. */
  readonly memory?: Memory;
}

type FolderRef = Extract<SourceRef, { kind: 'context' | 'git' }>;

/** Opens what steps read from: folders, stages, images. Each folder is looked through once a build. */
export class SourceService implements AsyncDisposable {
  readonly #input: SourceServiceInput;
  readonly #folders = new Map<string, Promise<ContextSource>>();
  /** Stages and images, by their layers. */
  readonly #layered = new Map<string, Promise<OpenedSource>>();
  readonly #opened: OpenedContext[] = [];

  constructor(input: SourceServiceInput) {
    this.#input = input;
  }

  /** What decides a step that reads from a source: content for folders, identity and names for stages and images. */
  async digest(source: StepSource, filesKey: (stage: number) => string): Promise<string> {
    const selection = frame([source.select ?? 'patterns', frame(source.patterns), frame(source.excludes ?? [])]);
    const { ref } = source;
    if (ref.kind === 'stage') return frame(['stage', filesKey(ref.index), selection]);
    if (ref.kind === 'scratch') return frame(['scratch', selection]);
    if (ref.kind === 'image') return frame(['image', imageFilesKey((await this.#image(ref)).layers), selection]);
    const folder = await this.#folder(ref);
    const { memory } = this.#input;
    try {
      if (ref.kind === 'git')
        return frame(['git', await repositoryDigest(folder, source, paths => this.#readFiles(folder, paths))]);
      if (!memory || !this.#keepsEvidence(folder))
        return frame(['content', await contentDigest(folder.tree, source, paths => this.#readFiles(folder, paths))]);
      const readKnown: DigestFiles = paths =>
        digestsOfKnown(paths, folder, memory, unknown => this.#readFiles(folder, unknown));
      const digest = (): Promise<string> => contentDigest(folder.tree, source, readKnown);
      return frame(['content', await digestOfKnown(selection, folder, memory, digest)]);
    } catch (error) {
      throw explainMissing(error, folder);
    }
  }

  /** Makes the tree of a folder, which whoever opens it would wait for. That one meets the errors, too. */
  prepare({ ref }: StepSource): void {
    if (ref.kind !== 'context' && ref.kind !== 'git') return;
    this.#folder(ref)
      .then(({ tree }) => tree)
      .catch(() => undefined);
  }

  async open(source: StepSource, layersOfStage: (index: number) => Promise<readonly Layer[]>): Promise<OpenedSource> {
    const { ref } = source;
    if (ref.kind === 'context' || ref.kind === 'git') return this.#folder(ref);
    if (ref.kind === 'scratch') return { tree: emptyTree(), keepsOwners: true, contents: () => Promise.resolve([]) };
    return this.ofLayers(ref.kind === 'stage' ? await layersOfStage(ref.index) : (await this.#image(ref)).layers);
  }

  /** The files that layers make, lowest first. */
  ofLayers(layers: readonly Layer[]): Promise<OpenedSource> {
    const name = layers.map(({ diffId }) => diffId).join(' ');
    const opened = this.#layered.get(name) ?? this.#openLayers(layers);
    this.#layered.set(name, opened);
    return opened;
  }

  /** What tells the files that a source takes from a stage from any others: what decides those of a folder, and their owners. */
  async contentOfStage(
    source: StepSource,
    layersOfStage: (index: number) => Promise<readonly Layer[]>,
  ): Promise<string> {
    const { session } = this.#input;
    const opened = await this.open(source, layersOfStage);
    const digestFiles: DigestFiles = async paths => {
      const contents = await opened.contents(paths);
      // Absolute paths, as seen from the root of all.
      const files = contents.map(content => (content.kind === 'path' ? String(content.path).slice(1) : ''));
      const host = session.layerHost(layerWorkSize(paths.map(path => opened.tree.entry(path)?.size ?? 0)));
      return host.call('digestFiles', { dir: '', paths: files }, { signal: session.signal });
    };
    return contentDigest(opened.tree, source, digestFiles, true);
  }

  #openLayers(layers: readonly Layer[]): Promise<OpenedSource> {
    const { session, trees } = this.#input;
    return openLayers(layers, trees, async wanted => {
      const host = session.layerHost(wanted.reduce((sum, { layer }) => sum + layer.descriptor.size, 0));
      const inputs = wanted.map(({ layer, paths }) => ({ ...host.input(layer), paths }));
      try {
        return await host.call(
          'spill',
          { dir: session.scratch.folder('spill'), layers: inputs },
          { signal: session.signal },
        );
      } catch (error) {
        throw await fetchFailure(
          session,
          wanted.map(({ layer }) => layer),
          error,
        );
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.#opened) await context[Symbol.asyncDispose]();
    await this.#input.images[Symbol.asyncDispose]();
  }

  #image(ref: Extract<SourceRef, { kind: 'image' }>): ReturnType<Images['resolve']> {
    return lookingUp(ref, () => this.#input.images.resolve(ref.reference, this.#input.platform));
  }

  #readFiles({ dir, tree }: ContextSource, paths: readonly TreePath[]): ReturnType<DigestFiles> {
    if (paths.length === 0) return Promise.resolve([]);
    const { session } = this.#input;
    const host = session.layerHost(layerWorkSize(paths.map(path => tree.entry(path)?.size ?? 0)));
    return host.call('digestFiles', { dir, paths }, { signal: session.signal });
  }

  /** Whether what stat says of a folder's files is worth to be remembered: it is the user's, and its file system moves ctime with every change. */
  #keepsEvidence({ dir }: ContextSource): boolean {
    return !isWithin(this.#input.session.scratch.dir, dir) && fileSystemTraits(dir).keepsCtime;
  }

  #folder(ref: FolderRef): Promise<ContextSource> {
    const name = ref.kind === 'git' ? `git ${ref.reference}` : `context ${ref.name}`;
    const folder = this.#folders.get(name) ?? this.#openFolder(ref);
    this.#folders.set(name, folder);
    return folder;
  }

  async #openFolder(ref: FolderRef): Promise<ContextSource> {
    const { context, ignoreFiles, session } = this.#input;
    if (ref.kind === 'git') return openContextFolder((await this.#openContext(ref.reference)).dir, []);
    if (ref.name === '') return openContextFolder(context.dir, ignoreFiles);
    const given = Object.entries(session.options.buildContexts ?? {}).find(([key]) => key.toLowerCase() === ref.name);
    const opened = await this.#openContext(given?.[1] ?? '');
    // As in BuildKit, what was fetched has no ignore file.
    const isFetched = isGitReference(given?.[1] ?? '') || /^https?:/.test(given?.[1] ?? '');
    return openContextFolder(opened.dir, isFetched ? [] : [join(opened.dir, '.dockerignore')]);
  }

  async #openContext(reference: string): Promise<OpenedContext> {
    const opened = await openContext(this.#input.session, reference);
    this.#opened.push(opened);
    return opened;
  }
}

/** Says so where a missing source is there but left out by the ignore file. */
function explainMissing(error: unknown, folder: ContextSource): unknown {
  const missing = error as VarveError;
  const path = missing.data?.path;
  if (missing.code !== 'E_COPY_SOURCE_MISSING' || typeof path !== 'string' || !folder.ignores(path)) return error;
  return new VarveError('E_COPY_SOURCE_MISSING', `"${path}" is left out of the context by its ignore file`, {
    hint: `add a line "!${path}" to the ignore file`,
    data: { path },
    ...(missing.where === undefined ? {} : { where: missing.where }),
  });
}
