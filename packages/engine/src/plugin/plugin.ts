import type { RegistryClient } from '@varve/oci';
import type { Verdict } from '../model/doctor.js';
import type { LayerCache } from './cache.js';
import type { LayerCompressor } from './compressor.js';
import type { ContextSource } from './context.js';
import type { Executor } from './executor.js';
import type { Exporter } from './exporter.js';
import type { Hooks } from './hooks.js';
import type { InstructionHandler } from './instruction.js';
import type { Snapshotter } from './snapshotter.js';

/** Version of this contract: raised in its minor for additions, in its major where plugins must change. */
export const contractVersion = '1.4.0';

/** What each slot holds, and what its providers say of themselves before any of their code acts. */
export interface Slots {
  snapshotter: {
    contract: Snapshotter;
    traits: { readonly root: 'directory' | 'overlay'; readonly fidelity: 'exact' | 'heuristic' };
  };
  executor: {
    contract: Executor;
    traits: {
      readonly enters: readonly ('directory' | 'overlay')[];
      readonly isolation: Isolation;
      readonly onlyWhenNamed?: boolean;
    };
  };
  /** The provider's id is what `--compression` names (`gzip`); its media types say which blobs it can read. */
  compressor: { contract: LayerCompressor; traits: { readonly mediaTypes: readonly string[] } };
  cache: { contract: LayerCache; traits: { readonly shared: boolean } };
  context: { contract: ContextSource; traits: Record<never, never> };
  exporter: { contract: Exporter; traits: Record<never, never> };
  instruction: { contract: InstructionHandler; traits: Record<never, never> };
}
export type SlotName = keyof Slots;

/** `full`: no way out is known that a container would not have. `partial`: says what it lacks. `none`: the step shares the builder's world. */
export type Isolation = 'full' | 'partial' | 'none';

/** one: exactly one is chosen. keyed: one for each id. stack: all that are named, in order. */
export type Arity = 'one' | 'keyed' | 'stack';
export const slotArity = {
  snapshotter: 'one',
  executor: 'one',
  compressor: 'keyed',
  context: 'keyed',
  exporter: 'keyed',
  instruction: 'keyed',
  cache: 'stack',
} as const satisfies Record<SlotName, Arity>;

/** What a machine can do, tried and not guessed. `x-…` names are for plugins among themselves. */
export type HostFeature =
  | 'process.root'
  | 'mount.bind'
  | 'mount.overlay'
  | 'namespace.user'
  | 'program.crun'
  | 'program.runc'
  | 'program.unshare'
  | `x-${string}`;

export interface Host {
  /** Tried once a process, then remembered. Leaves nothing on the machine. */
  has(feature: HostFeature): Promise<Verdict>;
}

/** Lent to a provider, so that a plugin needs no run-time import of the engine. */
export interface Tools {
  /** A folder of the provider's own below the store, for what it wants to keep. Made on first use, mode 0700. */
  readonly stateDir: string;
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The build's own registry client: credentials, mirrors, proxies. The build closes it. Absent in processes that own a root. */
  registry?(): Promise<RegistryClient>;
  warn(code: string, message: string, hint?: string): void;
}

/** One filling of one slot: a record, so that the engine can list, probe and explain before any plugin code acts. */
export interface Provider<S extends SlotName> {
  readonly slot: S;
  readonly id: string;
  /** One line for `varve doctor`. */
  readonly summary: string;
  readonly traits: Slots[S]['traits'];
  /** Higher wins where the choice is automatic. */
  readonly rank: number;
  readonly needs?: readonly HostFeature[];
  /** For what `needs` cannot say. Really tries, and leaves nothing. */
  probe?(host: Host): Promise<Verdict>;
  /** `options` are what the user gave for this provider (`--snapshot full,verify=all`), parsed by the plugin's own `parseOptions`. */
  create(tools: Tools): Promise<Slots[S]['contract']>;
}
export type AnyProvider = { [S in SlotName]: Provider<S> }[SlotName];

export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Range of {@link contractVersion} that it was made for (semver), not of the engine's release. */
  readonly contract: string;
  readonly provides?: readonly AnyProvider[];
  readonly hooks?: Hooks;
}

/**
 * The default export of a plugin's module. `parseOptions` gets what the user wrote after the plugin's or provider's name as
 * an object of strings, and reports *all* problems at once by throwing an error with code `E_PLUGIN_OPTIONS`.
 */
export interface PluginModule<Options = unknown> {
  parseOptions(raw: Readonly<Record<string, string>>): Options;
  create(options: Options): Plugin;
}

/** Identity at run time; keeps inference. */
export function definePlugin<Options>(module: PluginModule<Options>): PluginModule<Options> {
  return module;
}
/** Identity at run time; checks a provider record against its slot. */
export function provide<S extends SlotName>(provider: Provider<S>): Provider<S> {
  return provider;
}
