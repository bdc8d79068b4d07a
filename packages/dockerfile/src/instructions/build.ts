import { DockerfileError } from '../errors.js';
import type { Instruction } from '../instruction.js';
import { didYouMean } from '../nearest.js';
import { instructionNames, type Statement } from '../statement.js';
import type { BuildContext } from './base.js';
import { buildCmd, buildEntrypoint, buildShell } from './command.js';
import { buildFrom } from './from.js';
import { buildHealthcheck } from './healthcheck.js';
import { buildArg, buildEnv, buildLabel } from './key-values.js';
import { buildOnbuild } from './onbuild.js';
import { buildRun } from './run.js';
import { buildExpose, buildMaintainer, buildStopsignal, buildUser, buildVolume, buildWorkdir } from './settings.js';
import { buildAdd, buildCopy } from './transfer.js';

type Builder = (statement: Statement, context: BuildContext) => Instruction;

const builders: Readonly<Record<string, Builder>> = {
  ADD: buildAdd,
  ARG: buildArg,
  CMD: buildCmd,
  COPY: buildCopy,
  ENTRYPOINT: buildEntrypoint,
  ENV: buildEnv,
  EXPOSE: buildExpose,
  FROM: buildFrom,
  HEALTHCHECK: buildHealthcheck,
  LABEL: buildLabel,
  MAINTAINER: buildMaintainer,
  ONBUILD: (statement, context) => buildOnbuild(statement, trigger => buildInstruction(trigger, context)),
  RUN: buildRun,
  SHELL: buildShell,
  STOPSIGNAL: buildStopsignal,
  USER: buildUser,
  VOLUME: buildVolume,
  WORKDIR: buildWorkdir,
};

/**
 * Makes the typed instruction of a statement.
 *
 * @throws DockerfileError for an unknown keyword, and for everything that its keyword forbids
 */
export function buildInstruction(statement: Statement, context: BuildContext): Instruction {
  const builder = Object.hasOwn(builders, statement.name) ? builders[statement.name] : undefined;
  if (builder !== undefined) return builder(statement, context);
  const { value, range } = statement.keyword;
  const hint = didYouMean(value.toUpperCase(), instructionNames) ?? 'is the line before it lacking a continuation?';
  throw new DockerfileError('E_UNKNOWN_INSTRUCTION', `unknown instruction ${JSON.stringify(value)}`, range, hint);
}
