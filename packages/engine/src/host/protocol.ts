import type { Descriptor, Digest } from '@varve/oci';
import type { JudgedRoots } from '../choose/doctor.js';
import type { NamedPair } from '../choose/pair.js';
import type { InPlaceSetup } from '../inplace/places.js';
import type { FileContent, LaidFile } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { Layer } from '../model/layer.js';
import type { PluginSources, ProviderChoice } from '../model/options.js';
import type { TreePath } from '../model/path.js';
import type { StepExit, StepMount } from '../model/process.js';
import type { ArchiveMember, MountOwner, StepCommand } from '../plugin/instruction.js';
import type { PackedChanges } from './packed-changes.js';

/** What a host is started with. */
export interface HostSetup {
  readonly storeDir: string;
  readonly plugins: PluginSources;
  /** It runs in a user namespace: files that it gives to others are not the main process's to remove. */
  readonly userNamespace?: boolean;
  /** Its steps run in the root that it is in itself. */
  readonly inPlace?: InPlaceSetup;
}

/** A layer's blob as a host reads it. `growing`: it is still being fetched, and notes `blob` tell how far it is. */
export interface BlobInput {
  readonly descriptor: Descriptor;
  /** Where it grows; absent for a blob that is in the store. */
  readonly growing?: { readonly path: string; readonly available: number };
}

/** Note `blob`: progress of a blob that is being fetched. */
export interface BlobNote {
  readonly digest: string;
  readonly available: number;
  readonly state: 'growing' | 'done' | 'failed';
}

export interface LayerInputParams extends BlobInput {
  readonly diffId: Digest;
  /** Of what a stage begins with: other stages and builds will begin with it too. */
  readonly shared?: boolean;
}

export interface StepSettings {
  readonly hostname: string;
  readonly shmSize?: number;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly addHosts: readonly string[];
  /** Files of the machine that resolv.conf is made from are read by the host itself. */
}

/** A mount of a step, with everything found that it needs. What is secret comes as bytes and goes to no disk. */
export type HostMount =
  | StepMount
  | {
      readonly kind: 'cache';
      readonly target: string;
      readonly readOnly: boolean;
      readonly sharing: 'shared' | 'private' | 'locked';
      /** What tells it from all other caches. */
      readonly name: string;
      readonly id: string;
      /** What it holds when it is new: a folder of its own that is moved, or nothing, owned by somebody. */
      readonly initial: { readonly dir: string } | { readonly owner: MountOwner };
    }
  | {
      readonly kind: 'secret';
      readonly target: string;
      readonly content: Uint8Array;
      readonly owner: MountOwner;
    }
  | { readonly kind: 'ssh'; readonly target: string; readonly agent: string; readonly owner: MountOwner };

/** A step's command with its mounts found. */
export interface HostCommand extends Omit<StepCommand, 'mounts'> {
  readonly mounts: readonly HostMount[];
}

/** How a layer is to be written. */
export interface LayerOptions {
  readonly compression: ProviderChoice;
  /** Times later than this become this (SOURCE_DATE_EPOCH). */
  readonly clampMtimeNs?: bigint;
}

/** How the changes of a step become a layer. */
export interface CaptureOptions extends LayerOptions {
  /** Absolute paths whose changes are left out, with all below them; their parts may be patterns. */
  readonly ignored: readonly string[];
}

/** A finished layer, in the store with its table of contents. */
export interface FinishedStepLayer {
  readonly layer: Layer;
  /** Fingerprint of the compressor. */
  readonly compressor: string;
  /** Files that never stopped changing while they were read. */
  readonly unstable?: readonly TreePath[];
}

/** Changes that nobody has to look for, and how their layer is to be written. */
export interface KnownChanges extends LayerOptions {
  readonly changes: PackedChanges;
  /** The directories above the changes that are not among them. */
  readonly ancestors: readonly (readonly [TreePath, FileEntry])[];
}

/** Who makes roots and who runs steps, and what works with less than it might. */
export interface RootPair {
  readonly snapshotter: ProviderChoice;
  readonly executor: ProviderChoice;
  readonly notes: readonly string[];
}

/** What a benchmark has done to files of a root before its changes are looked for. `told`: how many of them are to be named in the answer. */
export type MeasureDeed = (
  | { readonly kind: 'append' | 'hidden-edit'; readonly files: readonly TreePath[] }
  | { readonly kind: 'step' }
) & { readonly told: number };

/** What finding changes took. Times in milliseconds. */
export interface MeasuredCapture {
  /** What the snapshotter did before the deed. */
  readonly prepare: number;
  readonly find: number;
  /** By the host, files and directories of the root for the most part. */
  readonly bytesRead: number;
  readonly count: number;
  /** Of all changes, by kind and path. */
  readonly digest: string;
  /** The first of them, as `KIND PATH`. */
  readonly told: readonly string[];
}

/** What hosts do. A host has at most one root; the methods of the second half need none. */
export type HostMethods = {
  /** Chooses how roots are made and steps run, where they will be: what is named is used or refused. */
  choosePair: {
    params: { readonly snapshotter?: ProviderChoice; readonly executor?: ProviderChoice };
    result: RootPair;
    event: never;
  };
  /** For `varve doctor`: all that could make roots and run steps, judged where they will be. */
  judgeRoots: { params: NamedPair; result: JudgedRoots; event: never };
  /** Opens the host's root in a folder; with the pair that the host has chosen, or is choosing, where none is given. */
  openRoot: {
    params: { readonly dir: string; readonly pair?: RootPair };
    result: undefined;
    event: never;
  };
  /** Lays layers on the root, in order, once it is open. An event for each one that is done. */
  applyLayers: {
    params: { readonly layers: readonly LayerInputParams[] };
    result: undefined;
    event: { readonly diffId: string };
  };
  run: {
    params: {
      readonly command: HostCommand;
      readonly settings: StepSettings;
      /** What was changed is looked for as soon as the command has ended well, before `capture` is called. */
      readonly capture?: CaptureOptions;
      /** Another one will be run: what it needs in any case is made ready beside this one. */
      readonly isFollowed: boolean;
    };
    result: StepExit;
    event: { readonly stream: 'stdout' | 'stderr'; readonly chunk: Uint8Array };
  };
  /**
   * What the steps since the last capture changed, as a layer in the store; null where nothing changed that is not ignored. The event tells
   * that all of it was read: the root can be used again while the layer is finished.
   */
  capture: { params: CaptureOptions; result: FinishedStepLayer | null; event: undefined };
  /** For benchmarks: does something to files of the root and finds it. */
  measureCapture: { params: MeasureDeed; result: MeasuredCapture; event: never };
  /** For benchmarks: unpacks layers into an empty folder, and nothing else. Milliseconds. */
  measureUnpacking: {
    params: { readonly dir: string; readonly layers: readonly LayerInputParams[] };
    result: number;
    event: never;
  };
  /** For benchmarks: the host's own peak, in bytes. */
  peakMemory: { params: undefined; result: number; event: never };
  /** A layer from changes that are known, which is laid on the root while it is written. The event tells that it lies there. */
  layDown: {
    params: KnownChanges & {
      /** How much work it is. */
      readonly bytes: number;
      /** All changes are writes. */
      readonly additive: boolean;
    };
    result: FinishedStepLayer | null;
    event: undefined;
  };
  /** Ends the root and what works on it; its files are still there. */
  closeRoot: { params: undefined; result: undefined; event: never };
  /** Removes the files of the root that was closed. Goes on where the caller is gone. */
  removeRoot: { params: undefined; result: undefined; event: never };

  /**
   * A layer from changes that are known. Its tar goes into `relay`, too, the memory of a ring, where somebody wants it meanwhile: an event
   * rings. A large file that changes while it is read is an error then (`E_FILE_CHANGING`).
   */
  writeLayer: {
    params: KnownChanges & { readonly relay?: SharedArrayBuffer };
    result: FinishedStepLayer | null;
    event: undefined;
  };
  /** Reads layers whose table of contents is not known yet, and puts that into the store. */
  readTocs: { params: { readonly layers: readonly LayerInputParams[] }; result: undefined; event: never };
  /** Takes files out of layers. Gives, for each path, the file on disk that has its content. */
  spill: {
    params: {
      readonly dir: string;
      readonly layers: readonly (LayerInputParams & { readonly paths: readonly TreePath[] })[];
    };
    result: ReadonlyMap<TreePath, string>;
    event: never;
  };
  /** Lays files out in an empty folder, parents first, with owners and modes. */
  layOut: { params: { readonly dir: string; readonly files: readonly LaidFile[] }; result: undefined; event: never };
  /** Opens an archive (tar, perhaps compressed) and takes everything out of it; null where the file is none. */
  unpackArchive: {
    params: { readonly file: FileContent; readonly dir: string };
    result: readonly ArchiveMember[] | null;
    event: never;
  };
  /** SHA-256 of files' contents, in order. Files that are not there any more have none. */
  digestFiles: {
    params: { readonly dir: string; readonly paths: readonly TreePath[] };
    result: readonly (string | null)[];
    event: never;
  };
  /** The same tar with another compressor. */
  recompress: {
    params: { readonly input: LayerInputParams; readonly compression: ProviderChoice };
    result: FinishedStepLayer;
    event: never;
  };
};
