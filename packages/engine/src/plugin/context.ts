import type { Bytes } from '../model/bytes.js';

/** Files of the user, laid out in a folder on disk. The engine reads it and never writes to it. */
export interface OpenedContext extends AsyncDisposable {
  readonly dir: string;
  /** What it came from, for messages and provenance: never with credentials. */
  readonly description: string;
  /**
   * Set where the reference was a Dockerfile and no context (standard input, a URL): the file's absolute path. It lies outside
   * `dir`, which is empty then.
   */
  readonly dockerfile?: string;
}

export interface ContextRequest {
  /** As the user wrote it: `.`, `context.tar.gz`, `https://…`. */
  readonly reference: string;
  /** Absolute folder that relative paths start from. */
  readonly cwd: string;
  /** An empty folder for whatever has to be fetched or unpacked; removed by the caller. */
  readonly scratchDir: string;
  /** What `-` reads; the process's standard input where absent. */
  readonly stdin?: Bytes;
  /** What the build was given under this id as a secret; undefined where that is nothing. Errors: `E_SECRET_MISSING`, `E_VALUE_INVALID`. */
  readonly secret?: (id: string) => Promise<Uint8Array | undefined>;
  /** Absolute path of the socket of the SSH agent that the build was given as `default`. */
  readonly sshAgent?: string;
}

/** Brings the files behind a reference to a folder. Chosen by scheme: the provider's id (`dir`, `tar`, `stdin`, `git`, `https`, …). */
export interface ContextSource {
  /** Cheap and pure: whether this reference is its own, by its form alone. */
  accepts(reference: string): boolean;
  /** Errors: `E_CONTEXT_NOT_FOUND`, `E_CONTEXT_INVALID`. */
  open(request: ContextRequest, signal: AbortSignal): Promise<OpenedContext>;
}
