import { callNames } from './seccomp-calls.js';
import {
  type ArgumentRule,
  absentCalls,
  allowedCalls,
  argumentRules,
  newNamespaceFlags,
  refusedFamilies,
} from './seccomp-profile.js';

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};
const EPERM = 1;
const ENOSYS = 38;

/** The profile in the runtime spec's form (config-linux.md "Seccomp"), for a machine (`process.arch`). */
export function ociSeccomp(arch: string): object {
  const allowed = new Set(allowedCalls());
  const special = new Set([...absentCalls, ...argumentRules.map(rule => rule.call)]);
  const denied = callNames().filter(name => !allowed.has(name) && !special.has(name));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    ...(architectures[arch] === undefined ? {} : { architectures: architectures[arch] }),
    syscalls: [
      { names: [...allowed], action: 'SCMP_ACT_ALLOW' },
      { names: denied, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      ...argumentRules.flatMap(allowRules),
      ...Object.values(refusedFamilies).map(family => refuse('socket', { index: 0, value: family, op: 'SCMP_CMP_EQ' })),
      ...newNamespaceFlags.map(flag =>
        refuse('clone', { index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }),
      ),
    ],
  };
}

const operators = { eq: 'SCMP_CMP_EQ', lt: 'SCMP_CMP_LT', gt: 'SCMP_CMP_GT', noneOf: 'SCMP_CMP_MASKED_EQ' } as const;

function allowRules(rule: ArgumentRule): readonly object[] {
  return rule.anyOf.map(({ op, value }) => ({
    names: [rule.call],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: rule.index, value, valueTwo: 0, op: operators[op] }],
  }));
}

function refuse(call: string, arg: object): object {
  return { names: [call], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM, args: [arg] };
}
