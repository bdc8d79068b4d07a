import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OciError } from '../errors.js';
import { namesHost } from './host-name.js';
import type { CertificateFiles, HostCertificates, HttpOptions } from './types.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where systems keep the authorities that they trust, the first that exists counts (the list of Go's crypto/x509). */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The authorities to trust, as PEM texts: SSL_CERT_FILE and SSL_CERT_DIR if given, else the system's bundle, else Node's own;
 * and NODE_EXTRA_CA_CERTS. E_REGISTRY_TLS where a file that the environment names cannot be read.
 */
export async function systemAuthorities(env: Env): Promise<readonly string[]> {
  const named: string[] = [];
  if (env.SSL_CERT_FILE) named.push(await readNamed('SSL_CERT_FILE', env.SSL_CERT_FILE));
  for (const dir of (env.SSL_CERT_DIR ?? '').split(':').filter(Boolean)) named.push(...(await readCertificateDir(dir)));
  const base = named.length > 0 ? named : await readBundle();
  const extra = env.NODE_EXTRA_CA_CERTS ? [await readNamed('NODE_EXTRA_CA_CERTS', env.NODE_EXTRA_CA_CERTS)] : [];
  return [...base, ...extra];
}

/**
 * The certificates configured for a host: those of the options, else what their files say, else those of a `certs.d` folder. Undefined:
 * none. E_REGISTRY_TLS where a file cannot be read.
 */
export async function hostCertificates(host: string, options: HttpOptions): Promise<HostCertificates | undefined> {
  const given = options.certs?.[host];
  if (given !== undefined) return given;
  const files = Object.entries(options.certFiles ?? {}).filter(([name]) => namesHost(name, host));
  if (files.length > 0) return readCertificateFiles(host, mergedFiles(files.map(([, named]) => named)));
  for (const dir of options.certDirs ?? defaultCertDirs(options.env ?? process.env)) {
    const found = await readHostDir(join(dir, host));
    if (found !== undefined) return found;
  }
  return undefined;
}

function defaultCertDirs(env: Env): readonly string[] {
  const config = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return [
    join(config, 'containers/certs.d'),
    '/etc/containers/certs.d',
    join(config, 'docker/certs.d'),
    '/etc/docker/certs.d',
  ];
}

/** Of a host named with and without its port: the authorities of both, the first certificate of our own. */
function mergedFiles(all: readonly CertificateFiles[]): CertificateFiles {
  const own = all.find(({ cert }) => cert !== undefined);
  return { ...own, ca: all.flatMap(({ ca = [] }) => ca) };
}

async function readCertificateFiles(host: string, { ca = [], cert, key }: CertificateFiles): Promise<HostCertificates> {
  const source = `the certificates of ${host}`;
  const authorities = await Promise.all(ca.map(file => readNamed(source, file)));
  if ((cert === undefined) !== (key === undefined)) {
    throw new OciError('E_REGISTRY_TLS', `the client certificate of ${host} is not given with its key`);
  }
  return {
    ...(ca.length === 0 ? {} : { ca: authorities.join('\n') }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: await readNamed(source, cert), key: await readNamed(source, key) }),
  };
}

async function readHostDir(dir: string): Promise<HostCertificates | undefined> {
  if (!existsSync(dir)) return undefined;
  const names = await readdir(dir).catch(() => undefined);
  if (names === undefined) return undefined;
  const authorities = names.filter(name => name.endsWith('.crt')).sort();
  const certName = names.filter(name => name.endsWith('.cert')).sort()[0];
  const ca = (await Promise.all(authorities.map(name => readNamed(dir, join(dir, name))))).join('\n');
  const keyName = certName?.replace(/\.cert$/, '.key');
  if (certName === undefined || keyName === undefined) return ca === '' ? undefined : { ca };
  if (!names.includes(keyName)) {
    throw new OciError('E_REGISTRY_TLS', `${join(dir, certName)} has no key beside it`, { hint: `add ${keyName}` });
  }
  const cert = await readNamed(dir, join(dir, certName));
  const key = await readNamed(dir, join(dir, keyName));
  return { ...(ca === '' ? {} : { ca }), cert, key };
}

async function readBundle(): Promise<readonly string[]> {
  for (const file of systemBundles) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.includes('-----BEGIN')) return [text];
  }
  return (await import('node:tls')).rootCertificates;
}

async function readCertificateDir(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch(() => []);
  const texts = await Promise.all(names.sort().map(name => readFile(join(dir, name), 'utf8').catch(() => '')));
  return texts.filter(text => text.includes('-----BEGIN CERTIFICATE'));
}

async function readNamed(source: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new OciError('E_REGISTRY_TLS', `${file} (from ${source}) cannot be read`, { cause });
  }
}
