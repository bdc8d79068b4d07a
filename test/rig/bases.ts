import { makeAttributes, makeBusybox } from './base-busybox.js';
import { makeDebian, makeGcc, makeNode, makeToolchain } from './base-debian.js';
import { makeFixtures } from './base-fixtures.js';
import { madeOnce } from './kept.js';
import { copyImage, type Registry } from './registry.js';

/**
 * Makes an OCI layout with one image, tagged `latest`, in `layout`; `scratch` is an empty folder for what it needs on
 * the way. Made by independent programs (mmdebstrap, tar, umoci), never by Varve.
 */
export type MakeBase = (layout: string, scratch: string) => Promise<void>;

/** The base images, each with a number that is raised when its recipe changes. */
const recipes = {
  busybox: { version: 1, make: makeBusybox },
  fixtures: { version: 1, make: makeFixtures },
  attributes: { version: 1, make: makeAttributes },
  debian: { version: 1, make: makeDebian },
  gcc: { version: 1, make: makeGcc },
  node: { version: 1, make: makeNode },
  toolchain: { version: 1, make: makeToolchain },
} as const satisfies Record<string, { version: number; make: MakeBase }>;

/** The name of a base image. */
export type BaseName = keyof typeof recipes;

/** The folder of a base image's OCI layout (tag `latest`), made now when it is not in the cache. */
export async function baseLayout(name: BaseName): Promise<string> {
  const { version, make } = recipes[name];
  return madeOnce(`${name}-${version}`, make);
}

/** Pushes base images as `HOST/NAME:latest`. */
export async function pushBases(registry: Registry, names: readonly BaseName[]): Promise<void> {
  for (const name of names) {
    await copyImage(`oci:${await baseLayout(name)}:latest`, `docker://${registry.host}/${name}:latest`);
  }
}
