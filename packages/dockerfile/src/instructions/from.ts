import { DockerfileError } from '../errors.js';
import type { FromInstruction } from '../instruction.js';
import type { Statement } from '../statement.js';
import { countError } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';

const stageName = /^[a-z][a-z0-9-_.]*$/;

/** FROM [--platform=P] image [AS name] */
export function buildFrom(statement: Statement): FromInstruction {
  const [image, as, name] = statement.words;
  const named = statement.words.length === 3 && as?.value.toLowerCase() === 'as';
  if (image === undefined || (statement.words.length !== 1 && !named)) {
    const hint = 'write FROM <image> or FROM <image> AS <name>';
    throw countError(statement, 'FROM wants one argument, or three: an image, AS and a name', hint);
  }
  if (named && name !== undefined && !stageName.test(name.value.toLowerCase())) {
    throw new DockerfileError(
      'E_BAD_STAGE_NAME',
      `${JSON.stringify(name.value)} is no name for a build stage`,
      name.range,
      'a name begins with a letter and has letters, digits, -, _ and .',
    );
  }
  const platform = flagsOf(statement, { platform: 'value' }).value('platform');
  return {
    keyword: 'FROM',
    ...baseOf(statement),
    image,
    ...(platform === undefined || platform.value === '' ? {} : { platform }),
    ...(named && as !== undefined && name !== undefined ? { as, stageName: name } : {}),
  };
}
