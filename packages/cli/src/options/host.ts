import { isIP } from 'node:net';
import { BadValue } from './problems.js';

/** `NAME:IP` or `NAME=IP`, IPv6 addresses bare or in brackets; gives `NAME:IP` without brackets. */
export function parseHost(text: string): string {
  const separator = /[:=]/.exec(text)?.index ?? -1;
  const name = text.slice(0, Math.max(separator, 0));
  if (name === '') throw new BadValue('not of the form NAME:IP');
  if (!/^[\w.-]+$/.test(name)) throw new BadValue(`${name} is not the name of a host`);
  const address = text.slice(separator + 1).replace(/^\[(.*)\]$/, '$1');
  if (address === 'host-gateway') throw new BadValue('host-gateway is not supported; give an IP address');
  if (isIP(address) === 0)
    throw new BadValue(`${address === '' ? 'the address is missing' : `${address} is not an IP address`}`);
  return `${name}:${address}`;
}
