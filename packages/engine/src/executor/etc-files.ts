import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { codeOf, VarveError } from '../model/error.js';
import type { StepMount } from '../model/process.js';

export interface EtcFilesRequest {
  /** An existing folder outside every root; the two files are written into it. */
  readonly dir: string;
  readonly network: 'host' | 'none';
  readonly hostname: string;
  /** `HOST:IP` or `HOST=IP`, as in `--add-host`. */
  readonly addHosts: readonly string[];
}

/**
 * Writes the resolv.conf and hosts that a step is to see and gives the mounts that show them. Like BuildKit's they can be written
 * by the step, and what it writes is gone with it: the image's own files stay untouched. Errors: `E_ADD_HOST_INVALID`.
 */
export function writeEtcFiles(request: EtcFilesRequest): readonly StepMount[] {
  const resolvConf = resolvConfText(readOrEmpty('/etc/resolv.conf'), request.network);
  return [
    fileMount(request.dir, 'resolv.conf', resolvConf),
    fileMount(request.dir, 'hosts', hostsText(request.hostname, request.addHosts)),
  ];
}

function fileMount(dir: string, name: string, text: string): StepMount {
  const source = join(dir, name);
  writeFileSync(source, text);
  chmodSync(source, 0o644);
  return { kind: 'bind', source, target: `/etc/${name}`, readOnly: false };
}

/**
 * The resolv.conf for a step, from the machine's. With the host's network it is taken as it is, a loopback server or
 * systemd-resolved's stub included, since they answer there (BuildKit does the same for host networks). Without a network
 * nobody can be asked, and servers are left out; what else it says stays.
 */
export function resolvConfText(hostText: string, network: 'host' | 'none'): string {
  if (network === 'host') return hostText;
  return hostText
    .split('\n')
    .filter(line => !/^\s*nameserver\b/.test(line))
    .join('\n');
}

/** The hosts file of a step: localhost, its own name, and `--add-host`, in BuildKit's form. Errors: `E_ADD_HOST_INVALID`. */
export function hostsText(hostname: string, addHosts: readonly string[]): string {
  const own = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback'];
  const added = addHosts.map(spec => {
    const { host, ip } = parseAddHost(spec);
    return `${ip}\t${host}`;
  });
  return `${[...own, ...added].join('\n')}\n`;
}

/** Reads `HOST:IP` or `HOST=IP`; an IPv6 address may stand in brackets. Errors: `E_ADD_HOST_INVALID`. */
export function parseAddHost(spec: string): { readonly host: string; readonly ip: string } {
  const match = /^([^:=\s]+)[:=](\S+)$/.exec(spec);
  const host = match?.[1];
  const ip = match?.[2]?.replace(/^\[(.*)\]$/, '$1');
  if (host === undefined || ip === undefined || isIP(ip) === 0) {
    throw new VarveError('E_ADD_HOST_INVALID', `${JSON.stringify(spec)} is not a host and its address`, {
      hint: 'write HOST:IP, for instance db:10.0.0.5',
    });
  }
  return { host, ip };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return '';
    throw error;
  }
}
