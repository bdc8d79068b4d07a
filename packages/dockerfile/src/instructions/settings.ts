import { DockerfileError } from '../errors.js';
import type {
  ExposeInstruction,
  MaintainerInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from '../instruction.js';
import type { Statement } from '../statement.js';
import { trim } from '../text.js';
import { atLeastOne, exactlyOne } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';

/** EXPOSE port… */
export function buildExpose(statement: Statement): ExposeInstruction {
  flagsOf(statement);
  const ports = atLeastOne(statement).toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  return { keyword: 'EXPOSE', ...baseOf(statement), ports };
}

/** VOLUME path… or VOLUME ["path"…] */
export function buildVolume(statement: Statement): VolumeInstruction {
  flagsOf(statement);
  const paths = atLeastOne(statement).map(word => {
    const value = trim(word.value);
    if (value === '') throw new DockerfileError('E_BAD_ARGUMENT', 'a path of VOLUME is empty', word.range);
    return { value, range: word.range };
  });
  return { keyword: 'VOLUME', ...baseOf(statement), paths };
}

/** USER user[:group] */
export function buildUser(statement: Statement): UserInstruction {
  flagsOf(statement);
  return { keyword: 'USER', ...baseOf(statement), user: exactlyOne(statement) };
}

/** WORKDIR path */
export function buildWorkdir(statement: Statement): WorkdirInstruction {
  flagsOf(statement);
  return { keyword: 'WORKDIR', ...baseOf(statement), path: exactlyOne(statement) };
}

/** STOPSIGNAL signal */
export function buildStopsignal(statement: Statement): StopsignalInstruction {
  flagsOf(statement);
  return { keyword: 'STOPSIGNAL', ...baseOf(statement), signal: exactlyOne(statement) };
}

/** MAINTAINER name */
export function buildMaintainer(statement: Statement): MaintainerInstruction {
  flagsOf(statement);
  return { keyword: 'MAINTAINER', ...baseOf(statement), name: exactlyOne(statement).value };
}
