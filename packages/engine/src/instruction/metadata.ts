import {
  type ArgInstruction,
  type CmdInstruction,
  type CommandLine,
  type EntrypointInstruction,
  type EnvInstruction,
  type HealthcheckInstruction,
  type LabelInstruction,
  type MaintainerInstruction,
  type OnbuildInstruction,
  resolveArgs,
  type ShellInstruction,
  type StopsignalInstruction,
  type UserInstruction,
  type VolumeInstruction,
} from '@varve/dockerfile';
import type { ImageConfig } from '@varve/oci';
import { VarveError } from '../model/error.js';
import { placeOf } from '../model/place.js';
import type { InstructionHandler } from '../plugin/instruction.js';
import { configOnly, shellOf, withEnvEntry, withLast, withRuntime } from './config.js';
import { goDuration, goList, goQuoteList } from './go-format.js';

/** Handlers of the instructions that change nothing but the image config, with BuildKit's words for its history. */

export const env: InstructionHandler<EnvInstruction> = {
  inputs(instruction, state) {
    let list = state.config.config?.Env ?? [];
    let environment = state.env;
    for (const { key, value } of instruction.entries) {
      list = withEnvEntry(list, key.value, value.value);
      environment = withLast(environment, key.value, value.value);
    }
    const words = instruction.entries.map(({ key, value }) => `${key.value}=${value.value}`);
    return configOnly(withRuntime(state.config, { Env: list }), ['ENV', ...words].join(' '), { env: environment });
  },
};

export const label: InstructionHandler<LabelInstruction> = {
  inputs(instruction, state) {
    const labels = { ...state.config.config?.Labels };
    for (const { key, value } of instruction.entries) labels[key.value] = value.value;
    const words = instruction.entries.map(({ key, value }) => `${key.value}=${value.value}`);
    return configOnly(withRuntime(state.config, { Labels: labels }), ['LABEL', ...words].join(' '));
  },
};

/** The instruction comes unexpanded: each default sees the arguments before it on the line. */
export const arg: InstructionHandler<ArgInstruction> = {
  inputs(instruction, state) {
    const scope = {
      environment: (name: string) => state.env.get(name),
      buildArg: (name: string) => state.given.get(name),
      inherited: (name: string) => state.globals.get(name),
    };
    let { env: environment, args } = state;
    const resolved = resolveArgs(instruction, scope, { escape: state.escape });
    for (const { name, value } of resolved) {
      if (value !== undefined) environment = withLast(environment, name, value);
      args = new Map(args).set(name, value);
    }
    const words = resolved.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
    return configOnly(state.config, ['ARG', ...words].join(' '), { env: environment, args });
  },
};

export const maintainer: InstructionHandler<MaintainerInstruction> = {
  inputs: (instruction, state) =>
    configOnly({ ...state.config, author: instruction.name }, `MAINTAINER ${instruction.name}`),
};

export const cmd: InstructionHandler<CmdInstruction> = {
  inputs(instruction, state) {
    const words = commandWords(instruction.command, state.config);
    return configOnly(withRuntime(state.config, { Cmd: words, ArgsEscaped: true }), `CMD ${goQuoteList(words)}`);
  },
};

/** Resets the base's CMD, but not one that this stage has set. */
export const entrypoint: InstructionHandler<EntrypointInstruction> = {
  inputs(instruction, state) {
    const words = commandWords(instruction.command, state.config);
    const change = state.cmdSet ? { Entrypoint: words } : { Entrypoint: words, Cmd: null };
    return configOnly(withRuntime(state.config, change), `ENTRYPOINT ${goQuoteList(words)}`);
  },
};

function commandWords(command: CommandLine, config: ImageConfig): readonly string[] {
  return command.form === 'exec' ? command.args : [...shellOf(config), command.script];
}

export const shell: InstructionHandler<ShellInstruction> = {
  inputs: (instruction, state) =>
    configOnly(withRuntime(state.config, { Shell: instruction.shell }), `SHELL ${goList(instruction.shell)}`),
};

export const user: InstructionHandler<UserInstruction> = {
  inputs: (instruction, state) =>
    configOnly(withRuntime(state.config, { User: instruction.user.value }), `USER ${instruction.user.value}`),
};

export const volume: InstructionHandler<VolumeInstruction> = {
  inputs(instruction, state) {
    const volumes: Record<string, Record<string, never>> = { ...state.config.config?.Volumes };
    for (const path of instruction.paths) {
      if (path.value === '')
        throw new VarveError('E_VALUE_INVALID', 'VOLUME has an empty path', {
          hint: 'check that the variable in it has a value',
          where: placeOf(path.range),
        });
      volumes[path.value] = {};
    }
    return configOnly(
      withRuntime(state.config, { Volumes: volumes }),
      `VOLUME ${goList(instruction.paths.map(path => path.value))}`,
    );
  },
};

export const stopsignal: InstructionHandler<StopsignalInstruction> = {
  inputs(instruction, state) {
    const signal = instruction.signal.value;
    if (!isSignal(signal))
      throw new VarveError('E_VALUE_INVALID', `"${signal}" is no signal`, {
        hint: 'write its name (SIGTERM, TERM) or number (15)',
        where: placeOf(instruction.signal.range),
      });
    return configOnly(withRuntime(state.config, { StopSignal: signal }), `STOPSIGNAL ${signal}`);
  },
};

const signalNames = new Set(
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU UNUSED URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'.split(
    ' ',
  ),
);

function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0 && Number(text) <= 64;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RTM(IN\+|AX-)(\d+)$/.exec(name);
  return signalNames.has(name) || (realTime !== null && Number(realTime[2]) <= (realTime[1] === 'IN+' ? 15 : 14));
}

export const healthcheck: InstructionHandler<HealthcheckInstruction> = {
  inputs(instruction, state) {
    const { test, interval = 0, timeout = 0, startPeriod = 0, startInterval = 0, retries = 0 } = instruction;
    const check = {
      Test: test,
      ...(interval ? { Interval: interval } : {}),
      ...(timeout ? { Timeout: timeout } : {}),
      ...(startPeriod ? { StartPeriod: startPeriod } : {}),
      ...(startInterval ? { StartInterval: startInterval } : {}),
      ...(retries ? { Retries: retries } : {}),
    };
    const times = `Interval:${goDuration(interval)} Timeout:${goDuration(timeout)} StartPeriod:${goDuration(startPeriod)} StartInterval:${goDuration(startInterval)}`;
    return configOnly(
      withRuntime(state.config, { Healthcheck: check }),
      `HEALTHCHECK {Test:${goList(test)} ${times} Retries:${retries}}`,
    );
  },
};

/** Leaves no history entry, as in BuildKit. */
export const onbuild: InstructionHandler<OnbuildInstruction> = {
  inputs(instruction, state) {
    const triggers = [...(state.config.config?.OnBuild ?? []), instruction.expression];
    return configOnly(withRuntime(state.config, { OnBuild: triggers }));
  },
};
