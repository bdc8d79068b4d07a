import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** What an executor in place is told by whoever knows the build. Plain data. */
export interface InPlaceSetup {
  /** The folder for what it needs, on the file system of the root; it stays where it is. */
  readonly home: string;
  /** Paths that stay where they are, without links, besides mount points: what the builder reads while steps run. */
  readonly kept: readonly string[];
  /** Files with credentials, which are not in the file tree while a step runs. */
  readonly hidden: readonly string[];
}

/** The folders and files below `home`. */
export interface HomeFiles {
  readonly lock: string;
  readonly journal: string;
  readonly parked: string;
  readonly trash: string;
  readonly covered: string;
  /** For what steps of any user reach by its name alone. */
  readonly shown: string;
}

/** Makes what is missing. `home` may be passed through by everybody and listed by root alone. */
export function homeFiles(home: string): HomeFiles {
  const folder = (name: string, mode = 0o700): string => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true, mode });
    return path;
  };
  mkdirSync(home, { recursive: true, mode: 0o711 });
  return {
    lock: join(home, 'lock'),
    journal: join(home, 'swapped.json'),
    parked: folder('parked'),
    trash: folder('trash'),
    covered: folder('covered'),
    shown: folder('shown', 0o711),
  };
}
