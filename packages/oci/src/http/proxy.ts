import { isIP } from 'node:net';
import { OciError } from '../errors.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, by the rules of Go's `http.ProxyFromEnvironment`: HTTP_PROXY for http, HTTPS_PROXY for https (either
 * case), never for loopback, never for what NO_PROXY names (`*`, hosts, `.suffix`, addresses, CIDR blocks, each with an
 * optional port). Undefined: no proxy. E_BAD_URL where what is named is none, or speaks SOCKS: a request that was to go by a proxy never
 * goes without.
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const lower = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const name = env[lower] ? lower : lower.toUpperCase();
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  const host = bareHost(url.hostname);
  if (isLoopbackHost(host) || isExcluded(host, effectivePort(url), env.no_proxy || env.NO_PROXY || ''))
    return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(text) && /^https?:\/\/./i.test(text)) return new URL(text);
  throw new OciError('E_BAD_URL', `${name} does not hold the address of an HTTP proxy`, {
    hint: 'write http://HOST:PORT, with USER:PASSWORD@ before the host where the proxy wants them',
  });
}

/** Is it this machine by name: localhost, 127.0.0.0/8 or ::1? Nothing is looked up. */
export function isLoopbackHost(hostname: string): boolean {
  const host = bareHost(hostname).toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1' || host === '0:0:0:0:0:0:0:1';
}

function isExcluded(host: string, port: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .some(entry => entry === '*' || excludes(entry.toLowerCase(), host.toLowerCase(), port));
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return inBlock(entry, host);
  const { name, wantedPort } = splitPort(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const suffix = name.replace(/^\*?\./, '');
  const onlyBelow = suffix !== name;
  return (!onlyBelow && host === suffix) || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { readonly name: string; readonly wantedPort: string | undefined } {
  if (isIP(entry) === 6) return { name: entry, wantedPort: undefined };
  const [, name = entry, wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bareHost(name), wantedPort };
}

function inBlock(block: string, host: string): boolean {
  const [base = '', length = ''] = block.split('/');
  const version = isIP(base);
  if (version === 0 || isIP(host) !== version || !/^\d+$/.test(length)) return false;
  const width = version === 4 ? 32 : 128;
  const shift = BigInt(Math.max(0, width - Number(length)));
  return addressBits(base, version) >> shift === addressBits(host, version) >> shift;
}

function addressBits(address: string, version: number): bigint {
  if (version === 4) return address.split('.').reduce((bits, part) => bits * 256n + BigInt(part), 0n);
  const canonical = bareHost(new URL(`http://[${address}]/`).hostname);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((bits, part) => bits * 65536n + BigInt(`0x${part}`), 0n);
}

function bareHost(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function effectivePort(url: URL): string {
  return url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80';
}
