import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDockerfile } from '@varve/dockerfile';
import { digestOf, mediaTypes, type Platform, type RuntimeConfig } from '@varve/oci';
import { buildGraph } from '../src/graph/build-graph.js';
import { namedContexts } from '../src/graph/named-contexts.js';
import { type GlobalScope, globalScope } from '../src/graph/scope.js';
import { instructionProviders } from '../src/instruction/index.js';
import { VarveError } from '../src/model/error.js';
import type { BuildGraph, ResolvedImage } from '../src/model/graph.js';
import type { Layer } from '../src/model/layer.js';
import type { Plan, PlannedStep } from '../src/model/plan.js';
import { makePlan, type PlanInput } from '../src/plan/planner.js';
import type { InstructionHandler, Provider, Tools } from '../src/plugin/index.js';
import type { Session } from '../src/session/session.js';
import { SourceService, type SourceServiceInput } from '../src/session/source-service.js';

export const amd64: Platform = { os: 'linux', architecture: 'amd64' };

/** A layer that is known by name alone. */
export function layerNamed(name: string): Layer {
  const digest = digestOf(Buffer.from(`blob ${name}`));
  return {
    descriptor: { mediaType: mediaTypes.ociLayerGzip, digest, size: 100 },
    diffId: digestOf(Buffer.from(`tar ${name}`)),
  };
}

/** An image with layers of these names, and a PATH of its own. */
export function imageOf(layers: readonly string[], config: RuntimeConfig = {}): Omit<ResolvedImage, 'reference'> {
  const made = layers.map(layerNamed);
  return {
    digest: digestOf(Buffer.from(JSON.stringify([layers, config]))),
    config: {
      ...amd64,
      config: { Env: ['PATH=/bin'], ...config },
      rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
    },
    layers: made,
    platform: amd64,
  };
}

export interface Planning {
  readonly buildArgs?: Readonly<Record<string, string | undefined>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly contexts?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform?: Platform;
  /** Images that can be found; each other reference gives one whose layer has its name. */
  readonly images?: Readonly<Record<string, Omit<ResolvedImage, 'reference'>>>;
  /** Images that cannot be found. */
  readonly missing?: readonly string[];
  /** Told of every image that is looked up. */
  readonly lookedUp?: string[];
  /** The build context; an empty folder's place where no step reads from it. */
  readonly dir?: string;
  readonly ignoreFile?: string;
  readonly network?: 'default' | 'none' | 'host';
  readonly allow?: readonly string[];
  readonly settings?: readonly string[];
  readonly commonFields?: Readonly<Record<string, string>>;
  readonly lookUp?: PlanInput['lookUp'];
  readonly digestDownload?: PlanInput['digestDownload'];
}

function scopeOf(text: string, planning: Planning): GlobalScope {
  return globalScope(parseDockerfile(text), {
    buildArgs: planning.buildArgs ?? {},
    env: planning.env ?? {},
    buildPlatform: amd64,
    targetPlatform: planning.platform ?? amd64,
    ...(planning.target === undefined ? {} : { target: planning.target }),
  });
}

function imageFinder({ images = {}, missing, lookedUp }: Planning): (reference: string) => Promise<ResolvedImage> {
  return reference => {
    lookedUp?.push(reference);
    if (missing?.includes(reference))
      return Promise.reject(new VarveError('E_MANIFEST_UNKNOWN', `no ${reference}`, { hint: 'check the name' }));
    return Promise.resolve({ ...(images[reference] ?? imageOf([reference])), reference });
  };
}

/** The graph of a Dockerfile. */
export function graphOf(text: string, planning: Planning = {}): Promise<BuildGraph> {
  return buildGraph({
    file: parseDockerfile(text),
    scope: scopeOf(text, planning),
    contexts: namedContexts(planning.contexts ?? {}),
    platform: planning.platform ?? amd64,
    ...(planning.target === undefined ? {} : { target: planning.target }),
    resolveImage: imageFinder(planning),
  });
}

/** The engine's own handler of a keyword. */
export function handlerOf(keyword: string): Promise<InstructionHandler> {
  const provider = instructionProviders.find(({ id }) => id === keyword) as Provider<'instruction'>;
  return provider.create({} as Tools);
}

/** The plan of a Dockerfile over a real context folder, with the engine's own handlers. No cache knows anything unless `lookUp` is given. */
export async function planOf(text: string, planning: Planning = {}): Promise<Plan> {
  const scope = scopeOf(text, planning);
  const sources = sourceService(planning);
  return makePlan({
    graph: await graphOf(text, planning),
    common: {
      given: scope.given,
      globals: scope.globals,
      proxies: scope.proxies,
      escape: parseDockerfile(text).directives.escape,
      network: planning.network ?? 'default',
      allowed: new Set(planning.allow ?? []),
      settings: planning.settings ?? [],
    },
    commonFields: planning.commonFields ?? {},
    handler: handlerOf,
    digestSource: (source, filesKey) => sources.digest(source, filesKey),
    digestDownload: planning.digestDownload ?? (download => Promise.resolve(`digest of ${download.url}`)),
    lookUp: planning.lookUp ?? (steps => Promise.resolve(steps.map(() => undefined))),
  });
}

function sourceService(planning: Planning): SourceService {
  const { dir = '/nowhere', ignoreFile } = planning;
  const digestFiles = (_method: string, { dir: folder, paths }: { dir: string; paths: readonly string[] }) =>
    Promise.resolve(
      paths.map(path =>
        createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex'),
      ),
    );
  const session = {
    options: { buildContexts: planning.contexts ?? {} },
    signal: new AbortController().signal,
    layerHost: () => ({ call: digestFiles }),
  };
  const find = imageFinder(planning);
  return new SourceService({
    session: session as unknown as Session,
    context: { dir, description: dir, [Symbol.asyncDispose]: () => Promise.resolve() },
    ignoreFiles: ignoreFile === undefined ? [] : [ignoreFile],
    images: { resolve: (reference: string) => find(reference) } as unknown as SourceServiceInput['images'],
    trees: undefined as unknown as SourceServiceInput['trees'],
    platform: amd64,
  });
}

/** The steps of the last stage of a plan. */
export function lastSteps(plan: Plan): readonly PlannedStep[] {
  return plan.stages.at(-1)?.steps ?? [];
}

/** The key of the last step of a keyword. */
export async function keyOfLast(keyword: string, text: string, planning: Planning = {}): Promise<string> {
  const step = lastSteps(await planOf(text, planning)).findLast(({ instruction }) => instruction.keyword === keyword);
  if (step?.key === undefined) throw new Error(`no ${keyword} with a key`);
  return step.key;
}

/** What an expected error is compared with: its code and where it is, as `line:column`. */
export function failure(code: string, place?: string, hint?: RegExp): (error: unknown) => boolean {
  return error => {
    const known = error as { code?: string; hint?: string; where?: { line: number; column: number } };
    if (known.code !== code) throw error;
    const where = known.where && `${known.where.line}:${known.where.column}`;
    if (place !== undefined && where !== place) throw new Error(`the error is at ${where}, not at ${place}`);
    if (hint && !hint.test(known.hint ?? '')) throw new Error(`the hint is "${known.hint}"`);
    return true;
  };
}
