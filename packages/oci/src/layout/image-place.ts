import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A layout directory or an archive on disk, and which of its images is meant. */
export interface ImagePlace {
  /** Absolute. */
  readonly path: string;
  /** What stood behind the colon or the `@`: a tag, a reference or a digest. */
  readonly name?: string;
}

/**
 * Reads `PATH`, `PATH:NAME` or `PATH@DIGEST`. Undefined where nothing is there that could hold images: a file, or a folder with a file
 * `oci-layout` (any folder, where the text says outright that it is a path: `./x`, `/x`).
 * @param cwd absolute folder that relative paths start from.
 */
export function findImagePlace(text: string, cwd: string): ImagePlace | undefined {
  const whole = resolve(cwd, text);
  if (/^\.{0,2}\//.test(text) ? existsSync(whole) : holdsImages(whole)) return { path: whole };
  const ends = [...text.matchAll(/[:@]/g)].map(({ index }) => index);
  const end = ends.find(at => holdsImages(resolve(cwd, text.slice(0, at))));
  return end === undefined ? undefined : { path: resolve(cwd, text.slice(0, end)), name: text.slice(end + 1) };
}

/** A folder that only has the name of an image is none. */
function holdsImages(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true || (stat?.isDirectory() === true && existsSync(join(path, 'oci-layout')));
}
