import type { SourceRange } from '@varve/dockerfile';
import type { ImageConfig } from '@varve/oci';
import type { SourceRef } from './graph.js';

/** Does a step change files, and who knows which? Only `captured` needs a scan. */
export type FileEffectKind = 'none' | 'known' | 'captured';

/** What is known when an instruction is planned. */
export interface StepState {
  readonly config: ImageConfig;
  /**
   * The environment of the stage at this point, in order: the image's ENV and the declared ARGs that have a value, each replacing
   * an earlier one of its name. Variables are expanded with it and RUN gets it.
   */
  readonly env: ReadonlyMap<string, string>;
  /** Declared arguments in order of their first declaration; undefined for one without a value. */
  readonly args: ReadonlyMap<string, string | undefined>;
  /** Values for ARGs: those of `--build-arg`, and the global ones that an ARG without a default takes. */
  readonly given: ReadonlyMap<string, string>;
  readonly globals: ReadonlyMap<string, string>;
  /** The Dockerfile's escape character. */
  readonly escape: '\\' | '`';
  /** Network of steps that name none, and what the user allowed. */
  readonly network: 'default' | 'none' | 'host';
  readonly allowed: ReadonlySet<string>;
  /** True once the stage has a CMD of its own. */
  readonly cmdSet: boolean;
  /** What the build gives to steps besides, as it decides them: names of added hosts, limits, the size of /dev/shm. */
  readonly settings: readonly string[];
  /** Proxy arguments that were given but not declared: steps get them, and they decide no key. */
  readonly proxies: ReadonlyMap<string, string>;
}

/** Content outside the root that decides a step, and that it may read. */
export interface StepSource {
  readonly ref: SourceRef;
  /** Paths or patterns inside the source, as the instruction names them. */
  readonly patterns: readonly string[];
  /** Where each of them stands in the Dockerfile. */
  readonly ranges?: readonly SourceRange[];
  /** How the patterns are read: as COPY does (default), as plain paths without wildcards, or as `COPY --parents` does. */
  readonly select?: 'patterns' | 'paths' | 'parents';
  /** `--exclude` patterns. */
  readonly excludes?: readonly string[];
}

/** A file to be fetched before the step's key is known (`ADD https://…`). */
export interface StepDownload {
  readonly url: string;
  readonly checksum?: string;
}

/** The answer to *what decides you?* */
export interface StepInputs {
  /** The image config once the step is done. */
  readonly config: ImageConfig;
  /** The environment once the step is done; absent where the step leaves it alone. */
  readonly env?: ReadonlyMap<string, string>;
  readonly args?: ReadonlyMap<string, string | undefined>;
  /** `created_by` of the history entry, as BuildKit writes it; absent where the step leaves none (ONBUILD). */
  readonly createdBy?: string;
  readonly effect: FileEffectKind;
  /** Fields of the cache key, besides the state of the files below and the content of `sources`. Values exact and resolved. */
  readonly fields?: Readonly<Record<string, string>>;
  /** True: the step's layer is made on nothing and is the same whatever is below it; its key has no files below. */
  readonly onScratch?: boolean;
  readonly sources?: readonly StepSource[];
  readonly downloads?: readonly StepDownload[];
}
