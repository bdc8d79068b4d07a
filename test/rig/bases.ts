import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeBusybox } from './base-busybox.js';
import { makeDebian, makeGcc, makeToolchain } from './base-debian.js';
import { makeFixtures } from './base-fixtures.js';
import { copyImage, type Registry } from './registry.js';
import { removeFolder } from './remove-folder.js';

/**
 * Makes an OCI layout with one image, tagged `latest`, in `layout`; `scratch` is an empty folder for what it needs on
 * the way. Made by independent programs (mmdebstrap, tar, umoci), never by Varve.
 */
export type MakeBase = (layout: string, scratch: string) => Promise<void>;

/** The base images, each with a number that is raised when its recipe changes. */
const recipes = {
  busybox: { version: 1, make: makeBusybox },
  fixtures: { version: 1, make: makeFixtures },
  debian: { version: 1, make: makeDebian },
  gcc: { version: 1, make: makeGcc },
  toolchain: { version: 1, make: makeToolchain },
} as const satisfies Record<string, { version: number; make: MakeBase }>;

/** The name of a base image. */
export type BaseName = keyof typeof recipes;

/** Where base images are kept between runs: VARVE_TEST_CACHE, else `varve-test` in the user's cache folder. */
export function baseCache(): string {
  const chosen = process.env.VARVE_TEST_CACHE;
  if (chosen) return chosen;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'varve-test');
}

/** The folder of a base image's OCI layout (tag `latest`), made now when it is not in the cache. */
export async function baseLayout(name: BaseName): Promise<string> {
  const { version, make } = recipes[name];
  const cache = baseCache();
  const finished = join(cache, `${name}-${version}`);
  if (existsSync(finished)) return finished;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `.making-${name}-`));
  try {
    const layout = join(work, 'layout');
    const scratch = join(work, 'scratch');
    mkdirSync(scratch);
    await make(layout, scratch);
    moveOnce(layout, finished);
  } finally {
    removeFolder(work);
  }
  return finished;
}

/** Pushes base images as `HOST/NAME:latest`. */
export async function pushBases(registry: Registry, names: readonly BaseName[]): Promise<void> {
  for (const name of names) {
    await copyImage(`oci:${await baseLayout(name)}:latest`, `docker://${registry.host}/${name}:latest`);
  }
}

/** Renames into place; another test process may have finished the same base first, which is as good. */
function moveOnce(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
