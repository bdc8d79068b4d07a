import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseName } from '../rig/bases.js';
import { type MadeFile, makeContext } from '../rig/context-files.js';
import { inRepository } from '../rig/repository.js';

/** What an image has to hold, in words: for syntax that the Docker at hand does not know, and to say what a case is about. */
export interface Expectation {
  /** Fields of the image's config, each compared as a whole. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Facts of paths; null: the path is absent. `text` is the content. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

/** `case.json` of a folder in test/features. */
export interface FeatureSpec {
  /** One sentence: what the case is about. */
  readonly about: string;
  /** Base images that the Dockerfile names as registry.test/NAME. Default: busybox. */
  readonly bases?: readonly BaseName[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Secrets by id, given to both builders as files. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What Varve has to allow; Docker runs every build with the network of its host. */
  readonly allow?: readonly string[];
  /** Named contexts; `./NAME` is a folder of the case. Docker knows them since 23, so that such a case needs `docker-26`. */
  readonly contexts?: Readonly<Record<string, string>>;
  /** Files made at test time, besides those in context/. */
  readonly files?: readonly MadeFile[];
  /** Files offered at http://files.test/NAME: a made file with one more field. */
  readonly served?: Readonly<
    Record<string, { readonly text?: string; readonly hex?: string; readonly headers?: Record<string, string> }>
  >;
  /** Packages that are served: a Debian repository at http://files.test/apt, a registry of npm at http://files.test. */
  readonly packages?: readonly ('apt' | 'npm')[];
  /** A Dockerfile built by Docker and pushed beforehand, as registry.test/NAME. */
  readonly before?: readonly { readonly dockerfile: string; readonly image: string }[];
  /**
   * Who says what is right: `docker` (default) is Debian 12's Docker 20.10 with BuildKit 0.8, `docker-26` Debian 13's 26.1 with BuildKit
   * 0.12, for what the older one refuses or does otherwise. `reference`: both refuse this syntax, the expectation comes from Docker's
   * reference text or BuildKit's sources.
   */
  readonly oracle?: 'docker' | 'docker-26' | 'reference';
  /** Where the reference describes it (with `oracle: reference`). */
  readonly source?: string;
  readonly expect?: Expectation;
  /** Both builders have to refuse it; Varve at this line of the Dockerfile. */
  readonly fails?: { readonly line: number };
  /** Name of the Dockerfile inside the case. */
  readonly dockerfile?: string;
}

/** A case with its context made and its Dockerfile pointing at real addresses. */
export interface ReadyCase {
  readonly name: string;
  readonly spec: FeatureSpec;
  readonly context: string;
  readonly dockerfile: string;
  /** Where another file of the case is, with real addresses in it, or another folder of it. */
  readonly other: (name: string) => string;
}

/** Real addresses for the placeholders that Dockerfiles and case.json use. */
export interface Addresses {
  readonly registry: string;
  readonly files: string;
  readonly git: string;
  /** Commit of the tag v1 there, for `commit.test`. */
  readonly commit: string;
  /** Folder of base images as OCI layouts, for `/layouts.test/NAME`. */
  readonly layouts: string;
  /** Digests of base images, for `registry.test/NAME@digest`. */
  readonly digests: Readonly<Record<string, string>>;
}

const features = inRepository('test/features');

/** Names of all cases, in order. */
export function featureNames(): string[] {
  return readdirSync(features, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort();
}

/** Reads case.json of a case. */
export function featureSpec(name: string): FeatureSpec {
  return JSON.parse(readFileSync(join(features, name, 'case.json'), 'utf8')) as FeatureSpec;
}

/** Makes a case's context and Dockerfile below `folder`. */
export async function readyCase(name: string, folder: string, addresses: Addresses): Promise<ReadyCase> {
  const home = join(features, name);
  const spec = JSON.parse(withAddresses(readFileSync(join(home, 'case.json'), 'utf8'), addresses)) as FeatureSpec;
  const context = join(folder, 'context');
  const source = join(home, 'context');
  await makeContext(existsSync(source) ? source : undefined, context, spec.files ?? []);
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(home, { withFileTypes: true })) {
    if (entry.name === 'case.json') continue;
    if (entry.isDirectory()) {
      if (entry.name !== 'context') await makeContext(join(home, entry.name), join(folder, entry.name), []);
      continue;
    }
    writeFileSync(
      join(folder, entry.name),
      withAddresses(readFileSync(join(home, entry.name), 'latin1'), addresses),
      'latin1',
    );
  }
  return {
    name,
    spec,
    context,
    dockerfile: join(folder, spec.dockerfile ?? 'Dockerfile'),
    other: file => join(folder, file),
  };
}

function withAddresses(text: string, addresses: Addresses): string {
  return text
    .replace(
      /registry\.test\/([a-z-]+)(:[a-z]+)?@digest/g,
      (_, name: string, tag = '') => `${addresses.registry}/${name}${tag}@${addresses.digests[name]}`,
    )
    .replaceAll('registry.test', addresses.registry)
    .replaceAll('http://files.test', addresses.files)
    .replaceAll('http://git.test', addresses.git)
    .replaceAll('commit.test', addresses.commit)
    .replace(
      /\/layouts\.test\/([a-z-]+)@digest/g,
      (_, name: string) => `/layouts.test/${name}@${addresses.digests[name]}`,
    )
    .replaceAll('/layouts.test', addresses.layouts);
}
