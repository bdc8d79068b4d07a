import type { Keyword } from '@varve/dockerfile';
import type { InstructionHandler } from '../plugin/instruction.js';
import { type AnyProvider, provide } from '../plugin/plugin.js';
import { expose } from './expose.js';
import * as metadata from './metadata.js';
import { run } from './run.js';
import { transfer } from './transfer/handler.js';
import { workdir } from './workdir.js';

/** Handlers of the language's own keywords. FROM is no step: the graph knows it. */
const handlers: Readonly<Record<Exclude<Keyword, 'FROM'>, InstructionHandler<never>>> = {
  ADD: transfer,
  ARG: metadata.arg,
  CMD: metadata.cmd,
  COPY: transfer,
  ENTRYPOINT: metadata.entrypoint,
  ENV: metadata.env,
  EXPOSE: expose,
  HEALTHCHECK: metadata.healthcheck,
  LABEL: metadata.label,
  MAINTAINER: metadata.maintainer,
  ONBUILD: metadata.onbuild,
  RUN: run,
  SHELL: metadata.shell,
  STOPSIGNAL: metadata.stopsignal,
  USER: metadata.user,
  VOLUME: metadata.volume,
  WORKDIR: workdir,
};

export const instructionProviders: readonly AnyProvider[] = Object.entries(handlers).map(([id, handler]) =>
  provide<'instruction'>({
    slot: 'instruction',
    id,
    summary: `carries out ${id}`,
    traits: {},
    rank: 0,
    create: () => Promise.resolve(handler as InstructionHandler),
  }),
);
