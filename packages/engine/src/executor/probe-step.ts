import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../model/doctor.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { StepOutput } from '../plugin/executor.js';
import { elfMachine, tinyElf } from './tiny-elf.js';

/** What the probe's program exits with: a code that nothing else gives by accident. */
const expectedCode = 42;

/** exit_group(42), by architecture. */
const programs: Readonly<Record<string, readonly number[]>> = {
  x64: [0xb8, 0xe7, 0, 0, 0, 0xbf, expectedCode, 0, 0, 0, 0x0f, 0x05],
  arm64: [0xc8, 0x0b, 0x80, 0xd2, 0x40, 0x05, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4],
};

/** Where a probe may work: a folder that is gone afterwards, with a root that holds one program. */
export interface ProbeWorld {
  readonly scratch: string;
  readonly process: StepProcess;
  readonly output: StepOutput;
  /** What was printed. */
  said(): string;
}

/** Runs the smallest step there is with an executor, for real, and judges by how it ended. Leaves nothing. */
export async function probeWithStep(
  scratchDir: string,
  run: (world: ProbeWorld, signal: AbortSignal) => Promise<StepExit>,
): Promise<Verdict> {
  const code = programs[process.arch];
  const machine = elfMachine(process.arch);
  if (code === undefined || machine === undefined) {
    return {
      usable: false,
      reason: `steps are not confined on ${process.arch} yet`,
      hint: 'use an x64 or arm64 machine',
    };
  }
  mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
  const scratch = mkdtempSync(join(scratchDir, 'probe-'));
  try {
    const world = makeWorld(scratch, tinyElf(machine, Buffer.from(code)));
    const exit = await run(world, AbortSignal.timeout(10_000));
    if (exit.kind === 'exited' && exit.code === expectedCode) return { usable: true };
    const how = exit.kind === 'exited' ? `exit ${exit.code}` : exit.signal;
    return { usable: false, reason: `a trivial step ended with ${how}: ${world.said()}` };
  } catch (error) {
    return { usable: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function makeWorld(scratch: string, program: Buffer): ProbeWorld {
  const root = join(scratch, 'probe-root');
  for (const name of ['proc', 'sys', 'dev']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'probe'), program);
  chmodSync(join(root, 'probe'), 0o755);
  const said: Uint8Array[] = [];
  return {
    scratch,
    process: {
      root: { kind: 'directory', path: root },
      argv: ['/probe'],
      env: ['HOME=/'],
      cwd: '/',
      user: { uid: 0, gid: 0, groups: [] },
      mounts: [],
      network: 'none',
      security: 'sandbox',
      hostname: 'varve',
    },
    output: { stdout: chunk => said.push(chunk), stderr: chunk => said.push(chunk) },
    said: () => Buffer.concat(said).toString('utf8').trim(),
  };
}
