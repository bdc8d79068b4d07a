import { resolve } from 'node:path';
import type { CertificateFiles, RegistrySettings } from '@varve/oci';
import { type FlagValues, isOn, listOf } from '../flags/flag-spec.js';
import { csvFields } from './csv.js';
import { splitFullPair } from './key-value.js';
import { BadValue, type Problems } from './problems.js';

/** Registry that `--registry-mirror` is about. */
const hub = 'docker.io';

/**
 * What the flags say of registries. Paths become absolute; nothing is read. What is wrong goes to `problems`.
 * @param cwd absolute path that relative ones start from.
 */
export function registrySettings(flags: FlagValues, cwd: string, problems: Problems): RegistrySettings {
  const all = <T>(name: string, parse: (value: string) => T): readonly T[] =>
    problems.attemptAll(`--${name}`, listOf(flags, name), parse);
  const mirrors = [
    ...all('registry-mirror', value => ({ host: hub, value: [mirrorAddress(value)] })),
    ...all('registry-map', parseMap),
  ];
  const certificates = [
    ...all('registry-certificate', value => parseCertificate(value, cwd)),
    ...all('registry-client-cert', value => parseClientCertificate(value, cwd)),
  ];
  const closed = isOn(flags, 'skip-default-registry-fallback');
  const mirrored = [...listOf(flags, 'registry-mirror'), ...listOf(flags, 'registry-map')];
  if (closed && mirrored.length === 0)
    problems.add('--skip-default-registry-fallback', 'there is no mirror; add --registry-mirror or --registry-map');
  return {
    insecure: all('insecure-registry', hostOf),
    skipTlsVerify: all('skip-tls-verify-registry', hostOf),
    mirrors: grouped(mirrors, (known: readonly string[] | undefined, more) => [...(known ?? []), ...more]),
    certFiles: grouped(certificates, joined),
    ...(closed ? { mirrorFallback: false } : {}),
  };
}

interface OfHost<T> {
  readonly host: string;
  readonly value: T;
}

/** `HOST=MIRROR[;MIRROR…]`. */
function parseMap(text: string): OfHost<readonly string[]> {
  const { name, value } = splitFullPair(text);
  return { host: hostOf(name), value: value.split(';').map(mirrorAddress) };
}

function parseCertificate(text: string, cwd: string): OfHost<CertificateFiles> {
  const { name, value } = splitFullPair(text);
  if (value === '') throw new BadValue('the file is missing, as in HOST=FILE');
  return { host: hostOf(name), value: { ca: [resolve(cwd, value)] } };
}

function parseClientCertificate(text: string, cwd: string): OfHost<CertificateFiles> {
  const { name, value } = splitFullPair(text);
  const [cert = '', key = '', ...more] = csvFields(value);
  if (cert === '' || key === '' || more.length > 0)
    throw new BadValue('a certificate and its key are two files, as in HOST=CERT,KEY');
  return { host: hostOf(name), value: { cert: resolve(cwd, cert), key: resolve(cwd, key) } };
}

/** A host with or without a port, in lower case. */
function hostOf(text: string): string {
  const host = text.replace(/\/+$/, '').toLowerCase();
  if (!/^(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::\d+)?$/.test(host))
    throw new BadValue(`${text === '' ? 'an empty text' : text} is not of the form HOST[:PORT]`);
  return host;
}

/** `[http[s]://]HOST[:PORT][/PATH]`. */
function mirrorAddress(text: string): string {
  const [, scheme = '', host = '', path = ''] = /^(https?:\/\/)?([^/]*)(\/.*)?$/i.exec(text) ?? [];
  return `${scheme}${hostOf(host)}${path.replace(/\/+$/, '')}`;
}

function grouped<T>(
  all: readonly OfHost<T>[],
  join: (known: T | undefined, more: T) => T,
): Readonly<Record<string, T>> {
  const byHost = new Map<string, T>();
  for (const { host, value } of all) byHost.set(host, join(byHost.get(host), value));
  return Object.fromEntries(byHost);
}

/** Authorities add up; of two certificates of our own the last counts. */
function joined(known: CertificateFiles | undefined, more: CertificateFiles): CertificateFiles {
  const ca = [...(known?.ca ?? []), ...(more.ca ?? [])];
  return { ...known, ...more, ...(ca.length === 0 ? {} : { ca }) };
}
