import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, runProgram } from './programs.js';

/** PEM texts of an authority of our own, and of a server and a client that it signed. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/**
 * Makes an authority and certificates for this machine's loopback names, by `openssl`.
 * @param names further DNS names of the server.
 * @returns a reason as text where openssl is missing.
 */
export async function makeCertificates(
  names: readonly string[] = [],
): Promise<TestCertificates | { readonly missing: string }> {
  const openssl = findProgram('openssl');
  if (openssl === undefined) return { missing: 'openssl is not installed' };
  const dir = await mkdtemp(join(tmpdir(), 'varve-certs-'));
  const file = (name: string): string => join(dir, name);
  const run = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runProgram([openssl, ...args], { cwd: dir });
    if (code !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const sign = async (name: string, extension: string): Promise<void> => {
    await writeFile(file(`${name}.ext`), extension);
    await run('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    await run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    );
  };
  try {
    await run(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '2',
      '-subj',
      '/CN=Varve test authority',
    );
    const dns = ['localhost', ...names].map(name => `DNS:${name}`).join(',');
    await sign('server', `subjectAltName=${dns},IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n`);
    await sign('client', 'extendedKeyUsage=clientAuth\n');
    const read = (name: string): Promise<string> => readFile(file(name), 'utf8');
    return {
      ca: await read('ca.crt'),
      cert: await read('server.crt'),
      key: await read('server.key'),
      clientCert: await read('client.crt'),
      clientKey: await read('client.key'),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
