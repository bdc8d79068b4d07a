import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VarveError } from '../model/error.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { Executor, StepOutput } from '../plugin/executor.js';
import { type FileLock, lock, tryLock } from '../store/lock.js';
import { mountPoints } from '../sys/mount-points.js';
import { adoptOrphans } from '../sys/own-process.js';
import { type BytePath, bytePath } from './byte-paths.js';
import { watchDevices } from './devices.js';
import { HiddenFiles } from './hidden-files.js';
import { Journal } from './journal.js';
import { livePins } from './live-pins.js';
import { removeDeadMemory } from './memory.js';
import { watchMounts } from './moved-mounts.js';
import { PlacedMounts } from './placed-mounts.js';
import { type HomeFiles, homeFiles, type InPlaceSetup } from './places.js';
import { recover } from './recover.js';
import { refuseWhatIsLacking } from './refuse.js';
import { WaitingStep } from './step-process.js';
import { Swap, type SwapPlaces } from './swap.js';

/**
 * Runs steps in the root of the container that the builder is in: for the time of a step the stage's files take the place of the container's
 * own, which are parked, by renaming. Nothing is mounted and no namespace is made, so the step shares everything else with the builder.
 * One step at a time, of all builds in the container. What one that is killed leaves swapped the next one swaps back.
 */
export function inPlaceExecutor(setup: InPlaceSetup): Executor {
  const files = homeFiles(setup.home);
  adoptOrphans();
  // Before anybody looks for what a killed build had borrowed.
  const idle = tryLock(files.lock);
  let lost = idle ? recover(setup, files) : [];
  idle?.release();
  let ahead: Promise<Begun | undefined> | undefined;
  const begin = async (held: FileLock): Promise<Begun> => {
    try {
      lost = [...lost, ...recover(setup, files)];
      return { held, waiting: await WaitingStep.start() };
    } catch (error) {
      held.release();
      throw error;
    }
  };
  return {
    prepare() {
      const held = tryLock(files.lock);
      // What fails here fails again in `run`, where it is told.
      const own = held ? begin(held).catch(() => undefined) : undefined;
      ahead = own;
      return {
        async [Symbol.asyncDispose]() {
          if (own === undefined || ahead !== own) return;
          ahead = undefined;
          const begun = await own;
          await begun?.waiting.kill();
          begun?.held.release();
        },
      };
    },
    async run(process, output, signal) {
      refuseWhatIsLacking(process);
      const prepared = ahead;
      ahead = undefined;
      const { held, waiting } = (await prepared) ?? (await begin(await lock(files.lock, signal)));
      try {
        for (const path of lost)
          output.stderr(Buffer.from(`varve: a build that was killed had ${path} in its memory: write it again\n`));
        lost = [];
        return await runInRoot({ setup, files, process, output, signal }, waiting);
      } finally {
        await waiting.kill();
        await emptyTrash(files);
        held.release();
      }
    },
  };
}

/** A process that waits to become a step, and the lock without which it must not. */
interface Begun {
  readonly held: FileLock;
  readonly waiting: WaitingStep;
}

interface Run {
  readonly setup: InPlaceSetup;
  readonly files: HomeFiles;
  readonly process: StepProcess;
  readonly output: StepOutput;
  readonly signal: AbortSignal;
}

async function runInRoot(run: Run, waiting: WaitingStep): Promise<StepExit> {
  const { setup, files, process, output, signal } = run;
  const journal = new Journal(files.journal);
  const stage = stageOf(process);
  const there = setup.hidden.filter(path => existsSync(path));
  try {
    journal.begin(stage, there);
    const hidden = HiddenFiles.take(there);
    try {
      const back = swapIn(run, stage, journal);
      try {
        return await waiting.run({ ...process, mounts: [] }, output, signal);
      } finally {
        await waiting.kill();
        back();
      }
    } finally {
      const lost = hidden.putBack();
      if (lost.length > 0) output.stderr(Buffer.from(`\nvarve: the step left no place for ${lost.join(', ')}\n`));
    }
  } finally {
    // Whatever could not be swapped back is left to the next one.
    if (journal.isSettled) journal.end();
  }
}

function stageOf({ root }: StepProcess): BytePath {
  if (root.kind === 'directory') return bytePath(root.path);
  throw new VarveError('E_EXECUTOR', 'a root that is no folder cannot be moved');
}

/** Gives what swaps back. Where it throws, the root is its own again. */
function swapIn({ setup, files, process }: Run, stage: BytePath, journal: Journal): () => void {
  const places: SwapPlaces = { live: '', stage, parked: bytePath(files.parked), trash: bytePath(files.trash) };
  const pins = livePins(setup.kept);
  const swap = new Swap(places, pins);
  const mounts = new PlacedMounts({ live: '', covered: files.covered, trash: files.trash }, pins, journal);
  const clean = watchDevices();
  let bringBack: () => readonly string[] = () => [];
  const back = (): void => {
    const moved = bringBack();
    try {
      mounts.remove();
      clean();
    } finally {
      swap.hide();
      journal.note({ phase: 'restoring' });
      swap.restore();
      journal.note({ phase: 'settled' });
    }
    if (moved.length > 0) throw movedAway(moved);
  };
  try {
    swap.park(shared => journal.note({ shared }));
    journal.note({ phase: 'shown' });
    swap.show();
  } catch (error) {
    recover(setup, files);
    throw error;
  }
  bringBack = watchMounts(files.trash);
  try {
    for (const mount of process.mounts) mounts.place(mount);
    return back;
  } catch (error) {
    back();
    throw error;
  }
}

function movedAway(folders: readonly string[]): VarveError {
  return new VarveError(
    'E_EXECUTOR_LACKS',
    `the step moved ${folders.join(', ')}, where the container has something mounted`,
    {
      hint: 'leave the folder where it is, or build where Varve can make namespaces (varve doctor)',
    },
  );
}

/** After the root is its own again: there may be much in it. */
async function emptyTrash(files: HomeFiles): Promise<void> {
  // What may have something mounted in it is nobody's to remove.
  for (const dir of [files.trash, files.covered])
    if (!mountPoints().some(point => point.startsWith(`${dir}/`)))
      for (const name of readdirSync(dir)) await rm(join(dir, name), { recursive: true, force: true });
  removeDeadMemory(files.shown);
}
