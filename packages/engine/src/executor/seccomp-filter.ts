import { type CallArch, callNumbers } from './seccomp-calls.js';
import { type ArgumentRule, absentCalls, allowedCalls, argumentRules } from './seccomp-profile.js';

/** struct sock_filter: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const LOAD = 0x20;
const JUMP = 0x05;
const JUMP_EQ = 0x15;
const JUMP_GT = 0x25;
const JUMP_GE = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;

/** Offsets in struct seccomp_data. */
const numberOffset = 0;
const archOffset = 4;
const argumentOffset = (index: number) => 16 + 8 * index;

/** What a machine of our architecture runs: its own calls and those of its 32-bit mode, each with its audit number. */
const machines: Readonly<Record<'x64' | 'arm64', readonly (readonly [CallArch, number])[]>> = {
  x64: [
    ['x64', 0xc000003e],
    ['ia32', 0x40000003],
  ],
  arm64: [
    ['arm64', 0xc00000b7],
    ['arm', 0x40000028],
  ],
};

/** Whether this module can write a filter for a machine (`process.arch`). */
export function canFilter(arch: string): arch is 'x64' | 'arm64' {
  return Object.hasOwn(machines, arch);
}

/**
 * The profile as a classic BPF program (an array of struct sock_filter) for seccomp(2), covering the machine's own and its 32-bit
 * calls. x32 and calls that nobody knows answer ENOSYS.
 */
export function seccompFilter(arch: 'x64' | 'arm64'): Buffer {
  const program: Instruction[] = [[LOAD, 0, 0, archOffset]];
  for (const [callArch, audit] of machines[arch]) {
    const section = archSection(callArch);
    // Conditional jumps reach 255 instructions only, so the section is skipped by an unconditional one.
    program.push([JUMP_EQ, 1, 0, audit], [JUMP, 0, 0, section.length], ...section);
  }
  program.push([RETURN, 0, 0, ENOSYS]);
  return encode(program);
}

function archSection(arch: CallArch): readonly Instruction[] {
  const numbers = callNumbers(arch);
  const section: Instruction[] = [[LOAD, 0, 0, numberOffset]];
  const decided = new Map<number, number>();
  for (const number of numbers.values()) decided.set(number, EPERM);
  for (const name of allowedCalls()) set(decided, numbers.get(name), ALLOW);
  for (const name of absentCalls) set(decided, numbers.get(name), ENOSYS);
  for (const rule of argumentRules) {
    const number = numbers.get(rule.call);
    if (number === undefined) continue;
    const block = argumentBlock(rule);
    section.push([JUMP_EQ, 0, block.length, number], ...block);
  }
  section.push(...runsOf(decided).flatMap(runInstructions), [RETURN, 0, 0, ENOSYS]);
  return section;
}

function set(decided: Map<number, number>, number: number | undefined, action: number): void {
  if (number !== undefined) decided.set(number, action);
}

function argumentBlock(rule: ArgumentRule): readonly Instruction[] {
  const tests = rule.anyOf.flatMap(({ op, value }): readonly Instruction[] => {
    const allow: Instruction = [RETURN, 0, 0, ALLOW];
    if (op === 'eq') return [[JUMP_EQ, 0, 1, value], allow];
    if (op === 'gt') return [[JUMP_GT, 0, 1, value], allow];
    if (op === 'lt') return [[JUMP_GE, 1, 0, value], allow];
    return [[JUMP_SET, 1, 0, value], allow];
  });
  return [[LOAD, 0, 0, argumentOffset(rule.index)], ...tests, [RETURN, 0, 0, EPERM]];
}

interface Run {
  /** First number after the run. */
  readonly end: number;
  readonly action: number;
}

/** Runs of numbers with the same answer, ascending from 0 without gaps; numbers in between that nobody knows answer ENOSYS. */
function runsOf(decided: ReadonlyMap<number, number>): readonly Run[] {
  const runs: Run[] = [];
  let next = 0;
  const extend = (end: number, action: number) => {
    const last = runs.at(-1);
    if (last?.action === action) runs.pop();
    runs.push({ end, action });
    next = end;
  };
  // Sorted natively: a first step waits for this.
  for (const number of Uint32Array.from(decided.keys()).sort()) {
    if (number > next) extend(number, ENOSYS);
    extend(number + 1, decided.get(number) as number);
  }
  return runs;
}

function runInstructions(run: Run): readonly Instruction[] {
  return [
    [JUMP_GE, 1, 0, run.end],
    [RETURN, 0, 0, run.action],
  ];
}

function encode(program: readonly Instruction[]): Buffer {
  // All machines that there is a filter for are little-endian.
  const words = new Uint32Array(program.length * 2);
  let at = 0;
  for (const [code, jt, jf, k] of program) {
    words[at++] = code | (jt << 16) | (jf << 24);
    words[at++] = k;
  }
  return Buffer.from(words.buffer);
}
