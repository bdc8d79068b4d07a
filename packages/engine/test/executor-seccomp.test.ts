import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ociSeccomp } from '../src/executor/oci-seccomp.js';
import { type CallArch, callNames, callNumbers } from '../src/executor/seccomp-calls.js';
import { seccompFilter } from '../src/executor/seccomp-filter.js';
import { allowedCalls } from '../src/executor/seccomp-profile.js';

const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const audit: Readonly<Record<CallArch, number>> = {
  x64: 0xc000003e,
  ia32: 0x40000003,
  arm64: 0xc00000b7,
  arm: 0x40000028,
};

/** What the kernel would do: runs the classic BPF program over a struct seccomp_data. */
function evaluate(program: Buffer, arch: number, call: number, args: readonly bigint[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  for (const [index, arg] of args.entries()) data.writeBigUInt64LE(arg, 16 + 8 * index);
  let accumulator = 0;
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = program.readUInt16LE(pc * 8);
    const [jt, jf] = [program.readUInt8(pc * 8 + 2), program.readUInt8(pc * 8 + 3)];
    const k = program.readUInt32LE(pc * 8 + 4);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x06) return k;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += accumulator === k ? jt : jf;
    else if (code === 0x25) pc += accumulator > k ? jt : jf;
    else if (code === 0x35) pc += accumulator >= k ? jt : jf;
    else if (code === 0x45) pc += (accumulator & k) !== 0 ? jt : jf;
    else assert.fail(`unknown instruction 0x${code.toString(16)}`);
  }
  return assert.fail('the program ended without an answer');
}

const special = new Set(['socket', 'personality', 'clone', 'clone3']);

for (const [machine, arches] of [
  ['x64', ['x64', 'ia32']],
  ['arm64', ['arm64', 'arm']],
] as const) {
  describe(`the filter for ${machine}`, () => {
    const program = seccompFilter(machine);
    it('is small enough for the kernel', () => assert.ok(program.length / 8 <= 4096, `${program.length / 8}`));

    for (const arch of arches) {
      const numbers = callNumbers(arch);
      const run = (name: string, ...args: bigint[]) =>
        evaluate(program, audit[arch], numbers.get(name) ?? assert.fail(name), args);

      it(`answers every known call of ${arch} by the profile`, () => {
        const allowed = new Set(allowedCalls());
        for (const [name, number] of numbers) {
          if (special.has(name)) continue;
          const expected = allowed.has(name) ? ALLOW : EPERM;
          assert.equal(evaluate(program, audit[arch], number), expected, name);
        }
      });
      it(`answers what ${arch} does not know with ENOSYS`, () => {
        const known = new Set(numbers.values());
        for (let number = 0; number < 1000; number++) {
          if (!known.has(number)) assert.equal(evaluate(program, audit[arch], number), ENOSYS, `${number}`);
        }
        for (const number of [0x40000000, 0x40000001, 0xffffffff]) {
          assert.equal(evaluate(program, audit[arch], number), ENOSYS);
        }
      });
      it(`looks at arguments on ${arch}`, () => {
        for (const family of [1n, 2n, 10n, 16n, 17n, 37n, 39n, 41n, 45n]) assert.equal(run('socket', family), ALLOW);
        for (const family of [38n, 40n]) assert.equal(run('socket', family), EPERM);
        assert.equal(run('personality', 0n), ALLOW);
        assert.equal(run('personality', 0xffffffffn), ALLOW);
        assert.equal(run('personality', 0x40000n), EPERM);
        assert.equal(run('clone', 0x11n), ALLOW);
        assert.equal(run('clone', 0x3d0f00n), ALLOW);
        for (const flag of [0x20000n, 0x2000000n, 0x10000000n, 0x40000000n]) {
          assert.equal(run('clone', flag | 0x11n), EPERM);
        }
        assert.equal(run('clone3'), ENOSYS);
      });
    }
    it('answers other architectures with ENOSYS', () => assert.equal(evaluate(program, 0xc0000016, 0), ENOSYS));
  });
}

describe('the profile', () => {
  it('refuses what leads out of a container', () => {
    const allowed = new Set(allowedCalls());
    const refused = ['mount', 'umount2', 'pivot_root', 'unshare', 'setns', 'bpf', 'keyctl', 'add_key', 'kexec_load'];
    const more = ['init_module', 'open_by_handle_at', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'reboot'];
    for (const name of [...refused, ...more, 'move_mount', 'fsopen', 'syslog', 'swapon', 'settimeofday']) {
      assert.ok(callNames().includes(name), name);
      assert.ok(!allowed.has(name), name);
    }
  });
  it('names only calls that the tables know', () => {
    const known = new Set(callNames());
    assert.deepEqual(
      allowedCalls().filter(name => !known.has(name)),
      [],
    );
  });
  it('says the same to a container runtime, each call once or by its arguments', () => {
    const { syscalls, defaultErrnoRet } = ociSeccomp('x64') as {
      defaultErrnoRet: number;
      syscalls: readonly { names: readonly string[]; action: string; errnoRet?: number; args?: unknown }[];
    };
    assert.equal(defaultErrnoRet, 38);
    const plain = syscalls.filter(rule => rule.args === undefined);
    const names = plain.flatMap(rule => rule.names);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual([...names, ...special].sort(), [...callNames()].sort());
  });
});
