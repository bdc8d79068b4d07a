import type { OutputSpec } from '@varve/engine';
import type { Problems } from './problems.js';

/** Where the outputs of a call go. */
export interface Destinations {
  /** What the engine writes. */
  readonly outputs: readonly OutputSpec[];
  /** The archive for `docker load`: what `--load` asks for, or an output of type docker without `dest`, as in buildx. */
  readonly load?: OutputSpec;
  /** An archive goes to standard output, which holds nothing else then. */
  readonly toStdout: boolean;
}

/** Tells the outputs that the engine writes from the one that the command line passes on. */
export function destinationsOf(outputs: readonly OutputSpec[], load: boolean, problems: Problems): Destinations {
  const toStdout = outputs.filter(output => output.attributes.dest === '-');
  if (toStdout.length > 1) problems.add('--output', 'only one output can go to standard output');
  const loads = outputs.filter(isLoad);
  if (loads.length > 1)
    problems.add('--output', 'the image can be loaded into Docker once; use name=A,B for several names');
  const loaded = loads[0] ?? (load ? { type: 'docker', attributes: {} } : undefined);
  return {
    outputs: outputs.filter(output => !isLoad(output)),
    ...(loaded === undefined ? {} : { load: loaded }),
    toStdout: toStdout.length > 0,
  };
}

function isLoad(output: OutputSpec): boolean {
  return output.type === 'docker' && output.attributes.dest === undefined;
}
