import type { RegistrySettings } from '@varve/oci';
import type { Annotation } from './annotation.js';

/** A provider named by the user, with what was written behind its name: `--cache registry,ref=host/repo`. */
export interface ProviderChoice {
  readonly id: string;
  readonly options: Readonly<Record<string, string>>;
}

/** A plugin's module: a path or a package name, resolved from the working directory, with its options. */
export interface PluginSpec {
  readonly module: string;
  readonly options: Readonly<Record<string, string>>;
}

/** `-o type=…,key=value`. */
export interface OutputSpec {
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SecretSpec {
  readonly id: string;
  /** Where the value is: a file, or a variable of the builder's environment. */
  readonly from: { readonly kind: 'file'; readonly path: string } | { readonly kind: 'env'; readonly name: string };
}

/** Everything a build is told. Plain data; what is absent has the default that docs/cli.md gives. */
export interface BuildOptions {
  /** Context: a folder, a tar file, `-` or a URL. */
  readonly context: string;
  /** Folder of the context that is the context, relative to it. Default: all of it. */
  readonly contextFolder?: string;
  /** Dockerfile, relative to `cwd`; `-` is standard input. Default: `Dockerfile` in the context. */
  readonly file?: string;
  /** Absolute path that relative paths start from. */
  readonly cwd: string;
  readonly target?: string;
  /** Undefined value: taken from `env`, and absent where that has none. */
  readonly buildArgs?: Readonly<Record<string, string | undefined>>;
  readonly buildContexts?: Readonly<Record<string, string>>;
  readonly platforms?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** On every output that holds manifests, and on what the store keeps. */
  readonly annotations?: readonly Annotation[];
  readonly tags?: readonly string[];
  readonly outputs?: readonly OutputSpec[];
  /** Push all tags to their registries. */
  readonly push?: boolean;
  readonly noCache?: boolean;
  /** Ask the registry for newer bases even where one is known. */
  readonly pull?: boolean;
  readonly snapshotter?: ProviderChoice;
  readonly executor?: ProviderChoice;
  readonly compression?: ProviderChoice;
  /** One layer on top of the base, instead of one for each step that changes files. */
  readonly squash?: boolean;
  /** Asked in this order; default: `lmdb`, where a plugin brings it. An empty list means no cache. */
  readonly caches?: readonly ProviderChoice[];
  /** `network.host`, `security.insecure`, `inplace`. */
  readonly allow?: readonly string[];
  readonly network?: 'default' | 'none' | 'host';
  readonly addHosts?: readonly string[];
  /**
   * Absolute paths, without `.` and `..`, whose parts may be patterns of Go's filepath.Match: what RUN changes there and below is in no layer. Later
   * steps of the stage see it, where the step was not cached.
   */
  readonly ignoredPaths?: readonly string[];
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits?: readonly string[];
  readonly secrets?: readonly SecretSpec[];
  readonly ssh?: readonly { readonly id: string; readonly sock?: string }[];
  readonly plugins?: readonly PluginSpec[];
  /** Plugins that the front end brings along. */
  readonly bundled?: readonly BundledPlugin[];
  /** Absolute path of the store. */
  readonly store: string;
  /** How registries are reached: mirrors, certificates, and which hosts need no TLS. */
  readonly registries?: RegistrySettings;
  /** Absolute paths of OCI layouts that may hold layers of bases: what is there is not downloaded. One that is absent is passed over. */
  readonly layerLayouts?: readonly string[];
  readonly jobs?: number;
  readonly metadataFile?: string;
  readonly iidFile?: string;
  /** The builder's environment: credentials, proxies, SOURCE_DATE_EPOCH. Never reaches a step. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A plugin that comes with the front end: found by what it provides, and loaded only when that is asked for. */
export interface BundledPlugin {
  /** URL of its module. */
  readonly url: string;
  readonly provides: readonly { readonly slot: string; readonly id: string }[];
}

/** Where plugins' code may come from: what the operator named, and what the front end brings. Plain data, the same for every process of a build. */
export interface PluginSources {
  /** URLs of the modules, resolved. */
  readonly named: readonly { readonly url: string; readonly options: Readonly<Record<string, string>> }[];
  readonly bundled: readonly BundledPlugin[];
}
