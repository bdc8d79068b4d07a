import { isIP } from 'node:net';
import type { ExposeInstruction, Word } from '@varve/dockerfile';
import { VarveError } from '../model/error.js';
import { placeOf } from '../model/place.js';
import type { InstructionHandler } from '../plugin/instruction.js';
import { configOnly, withRuntime } from './config.js';
import { goList } from './go-format.js';

/** `EXPOSE [ip:[host]:]port[-port][/protocol] …`, as BuildKit reads it: only the container's ports and protocols count. */
export const expose: InstructionHandler<ExposeInstruction> = {
  inputs(instruction, state) {
    const ports = instruction.ports.flatMap(exposedPorts);
    const exposed: Record<string, Record<string, never>> = { ...state.config.config?.ExposedPorts };
    for (const port of ports) exposed[port] = {};
    return configOnly(withRuntime(state.config, { ExposedPorts: exposed }), `EXPOSE ${goList(ports)}`);
  },
};

function exposedPorts(word: Word): readonly string[] {
  const parts = word.value.split(':');
  const last = parts.at(-1) as string;
  const [range = '', protocol = ''] = [last.split('/', 1)[0], last.slice(last.indexOf('/') + 1 || last.length)];
  const name = protocol.toLowerCase() || 'tcp';
  if (!['tcp', 'udp', 'sctp'].includes(name))
    throw invalid(word, `"${protocol}" is no protocol`, 'use tcp, udp or sctp');
  const address = parts.slice(0, -2).join(':');
  if (address !== '' && isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0)
    throw invalid(word, `"${address}" is no IP address`, 'leave it out: EXPOSE says what the container listens on');
  const container = portRange(word, range);
  const hostText = parts.length > 1 ? (parts.at(-2) as string) : '';
  if (hostText !== '') {
    const host = portRange(word, hostText);
    if (host.last - host.first !== container.last - container.first && container.first !== container.last)
      throw invalid(
        word,
        'the two ranges of ports differ in length',
        'leave the host ports out: EXPOSE says what the container listens on',
      );
  }
  return Array.from(
    { length: container.last - container.first + 1 },
    (_, index) => `${container.first + index}/${name}`,
  );
}

function portRange(word: Word, text: string): { first: number; last: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) throw invalid(word, `"${text}" is no port`, 'write a number or a range such as 8000-8010');
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first || last > 65535)
    throw invalid(word, `"${text}" is no range of ports`, 'ports go from 0 to 65535, the smaller one first');
  return { first, last };
}

function invalid(word: Word, message: string, hint: string): VarveError {
  return new VarveError('E_VALUE_INVALID', `EXPOSE ${word.value}: ${message}`, { hint, where: placeOf(word.range) });
}
