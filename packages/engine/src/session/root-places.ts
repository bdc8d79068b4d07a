import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPlace } from '../host/host-process.js';
import { inPlaceHome } from '../host/in-place.js';
import { keepToOneself } from '../host/keep-to-oneself.js';
import { rootPlace } from '../host/root-place.js';
import type { BuildOptions } from '../model/options.js';
import { openScratch, type Scratch } from '../store/scratch.js';
import { openStore, type Store } from '../store/store.js';
import { mountPointOf } from '../sys/mount-points.js';
import { inPlaceSetup, reachableCredentials } from './in-place.js';
import type { Progress } from './progress.js';

/** Where the roots of a build are: decided when it is first asked for. */
export class RootPlaces implements AsyncDisposable {
  readonly #options: BuildOptions;
  readonly #progress: Progress;
  readonly #store: Store;
  readonly #scratch: () => Scratch;
  #place: HostPlace | undefined;
  #besides: Scratch | undefined;

  constructor(options: BuildOptions, progress: Progress, store: Store, scratch: () => Scratch) {
    this.#options = options;
    this.#progress = progress;
    this.#store = store;
    this.#scratch = scratch;
  }

  /** Errors: those of `rootPlace`, and `E_SECRET_REACHABLE`. */
  place(): HostPlace {
    this.#place ??= this.#decide();
    return this.#place;
  }

  #decide(): HostPlace {
    const { env, executor, allow } = this.#options;
    const inPlace = () => inPlaceSetup(this.#options);
    const place = rootPlace({ env, allow, executor: executor?.id, inPlace });
    if (place.kind !== 'container') return place;
    const reachable = reachableCredentials(this.#options);
    if (reachable?.code === 'E_SECRET_REACHABLE') throw reachable;
    if (reachable) this.#progress.warn(reachable.code, reachable.message, reachable.hint);
    keepToOneself();
    return place;
  }

  /** A new, empty folder for a root, on a file system on which it can be one: what is swapped with the container's root is renamed. */
  folder(): string {
    const isThere = this.place().kind !== 'container' || mountPointOf(realpathSync(this.#store.dir)) === '/';
    if (isThere) return this.#scratch().folder('root');
    this.#besides ??= openScratch(openStore(join(inPlaceHome(), 'store')));
    return this.#besides.folder('root');
  }

  /** What the roots are in is removed by somebody who outlives the build. */
  leave(): void {
    (this.#besides ?? this.#scratch()).leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#besides?.[Symbol.asyncDispose]();
  }
}
