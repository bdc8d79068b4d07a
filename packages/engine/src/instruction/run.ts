import type { RunInstruction } from '@varve/dockerfile';
import { frame } from '../key/key.js';
import { VarveError } from '../model/error.js';
import { placeOf } from '../model/place.js';
import type { StepState } from '../model/step.js';
import type { InstructionHandler, StepCommand } from '../plugin/instruction.js';
import { shellOf } from './config.js';
import { commandMounts, mountEnvironment, mountField, mountSources } from './run-mounts.js';

/** Where BuildKit puts the script of a heredoc that starts with `#!`. */
const scriptDir = '/dev/pipes';

/** RUN: a process in the stage's root; what it changed is found by the snapshotter. */
export const run: InstructionHandler<RunInstruction> = {
  inputs(instruction, state) {
    const mounts = commandMounts(instruction, state);
    const sources = mountSources(instruction);
    const argv = argvOf(instruction, state);
    const network = networkOf(instruction, state);
    const security = securityOf(instruction, state);
    const { execution } = instruction;
    return {
      config: state.config,
      createdBy: `RUN ${[...declaredArgs(state), ...argv].join(' ')} # buildkit`,
      effect: 'captured',
      fields: {
        argv: frame(argv),
        env: frame([...state.env].flat()),
        cwd: state.config.config?.WorkingDir || '/',
        user: state.config.config?.User ?? '',
        network,
        security,
        ...(state.settings.length > 0 ? { settings: frame(state.settings) } : {}),
        ...(execution.kind === 'file' ? { script: execution.content } : {}),
        ...(mounts.length > 0 ? { mounts: frame(mounts.map(mountField)) } : {}),
      },
      ...(sources.length > 0 ? { sources } : {}),
    };
  },
  async perform(instruction, state, world, signal) {
    const exit = await world.run(commandOf(instruction, state), signal);
    if (exit.kind === 'exited' && exit.code === 0) return { kind: 'captured' };
    const how = exit.kind === 'exited' ? `exit code ${exit.code}` : `signal ${exit.signal}`;
    throw new VarveError('E_STEP_FAILED', `the step ended with ${how}`, {
      where: placeOf(instruction.range),
      data: exit.kind === 'exited' ? { exitCode: exit.code } : { signal: exit.signal },
      hint: hintOf(exit),
    });
  },
};

function hintOf(exit: { readonly kind: string; readonly code?: number; readonly signal?: string }): string {
  if (exit.code === 127)
    return 'the program was not found: look at its name, at PATH, and whether the base has a shell';
  if (exit.code === 126) return 'the program cannot be run: is it executable, and made for this platform?';
  if (exit.code === 137 || exit.signal === 'SIGKILL') return 'it was killed, perhaps for want of memory';
  return 'its output stands above';
}

function argvOf(instruction: RunInstruction, state: StepState): readonly [string, ...string[]] {
  const { execution } = instruction;
  const words =
    execution.kind === 'exec'
      ? execution.args
      : execution.kind === 'file'
        ? [...shellOf(state.config), `${scriptDir}/${execution.name}`]
        : [...shellOf(state.config), execution.script];
  if (words.length === 0)
    throw new VarveError('E_VALUE_INVALID', 'RUN has no command', {
      hint: 'write a command behind it',
      where: placeOf(instruction.range),
    });
  return words as [string, ...string[]];
}

function commandOf(instruction: RunInstruction, state: StepState): StepCommand {
  const { execution } = instruction;
  const environment = [...withProxies(state)].map(([name, value]) => `${name}=${value}`);
  const mounts = commandMounts(instruction, state);
  return {
    argv: argvOf(instruction, state),
    env: mountEnvironment(environment, mounts),
    cwd: state.config.config?.WorkingDir || '/',
    user: state.config.config?.User ?? '',
    network: networkOf(instruction, state) === 'none' ? 'none' : 'host',
    security: securityOf(instruction, state),
    mounts,
    concludes: true,
    ...(execution.kind === 'file'
      ? { files: [{ target: `${scriptDir}/${execution.name}`, content: execution.content, mode: 0o755 }] }
      : {}),
  };
}

/** The environment with the proxies that were given, in both cases of their names and over what the stage sets, as in BuildKit. */
function withProxies({ env, proxies }: StepState): ReadonlyMap<string, string> {
  // Given in both cases, the lower one counts: it comes later.
  const values = new Map(
    [...proxies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const both = new Map(
    [...values].flatMap(([name, value]) => [name.toUpperCase(), name].map(one => [one, value] as const)),
  );
  return new Map([...[...env].filter(([name]) => !both.has(name)), ...both]);
}

/** `|2 A=1 B=2`: how the history shows the arguments that a RUN was given. */
function declaredArgs(state: StepState): readonly string[] {
  const args = [...state.args].map(([name, value]) => `${name}=${state.env.get(name) ?? value ?? ''}`);
  return args.length > 0 ? [`|${args.length}`, ...args] : [];
}

function networkOf(instruction: RunInstruction, state: StepState): 'default' | 'none' | 'host' {
  const { network = 'default' } = instruction;
  // The default is what the build was given: a Dockerfile cannot undo `--network=none`.
  const mode = network === 'default' ? state.network : network;
  if (mode === 'host') needAllowed(instruction, state, 'network.host');
  return mode;
}

function securityOf(instruction: RunInstruction, state: StepState): 'sandbox' | 'insecure' {
  if (instruction.security === 'insecure') needAllowed(instruction, state, 'security.insecure');
  return instruction.security ?? 'sandbox';
}

function needAllowed(instruction: RunInstruction, state: StepState, entitlement: string): void {
  if (state.allowed.has(entitlement)) return;
  throw new VarveError('E_NOT_ALLOWED', `this step asks for ${entitlement}, which the build was not given`, {
    hint: `if you trust the Dockerfile, build with --allow ${entitlement}`,
    where: placeOf(instruction.range),
  });
}
