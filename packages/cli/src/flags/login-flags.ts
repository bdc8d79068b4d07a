import { configFlag } from './build-flags.js';
import type { FlagSpec } from './flag-spec.js';
import { connectionFlags } from './registry-flags.js';

/** Flags of `varve login`. There is none for a password: everyone on a machine can read the arguments of a program. */
export const loginFlags: readonly FlagSpec[] = [
  {
    name: 'username',
    char: 'u',
    kind: 'value',
    placeholder: 'NAME',
    group: 'Credentials',
    summary: 'Name of the account [default: it is asked for, on a terminal]',
  },
  {
    name: 'password-stdin',
    kind: 'switch',
    group: 'Credentials',
    summary: 'Read the password, or a token that stands for it, from standard input [default: it is asked for]',
  },
  ...connectionFlags,
  configFlag,
];

/** Flags of `varve logout`. */
export const logoutFlags: readonly FlagSpec[] = [configFlag];
