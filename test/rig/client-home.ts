import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A user's home as registry clients know it: config.json with credentials, certs.d with certificates. */
export interface ClientHome {
  /** The environment that makes a program use it, and none of the credentials and authorities of whoever runs the tests. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder of config.json, as a Secret is mounted. */
  readonly dockerConfig: string;
  /** The folder of one host in certs.d, as `--cert-dir` takes it. */
  certDir(host: string): string;
  trust(host: string, files: Readonly<Record<string, string>>): void;
  /** Writes entries into `auths` of config.json, over what was there. */
  logIn(auths: Readonly<Record<string, Readonly<Record<string, string>>>>): void;
}

/** What tells programs which authorities to trust. */
const authorityVariables = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH'];

/** Makes an empty home in a folder that is made now. */
export function makeHome(folder: string): ClientHome {
  const config = join(folder, '.config');
  const dockerConfig = join(folder, 'secret');
  for (const dir of [config, dockerConfig]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const certDir = (host: string): string => join(config, 'containers/certs.d', host);
  return {
    dockerConfig,
    certDir,
    env: {
      HOME: folder,
      XDG_CONFIG_HOME: config,
      XDG_RUNTIME_DIR: join(folder, 'run'),
      DOCKER_CONFIG: dockerConfig,
      DOCKER_AUTH_CONFIG: undefined,
      REGISTRY_AUTH_FILE: undefined,
      ...Object.fromEntries(authorityVariables.map(name => [name, undefined])),
    },
    trust(host, files) {
      mkdirSync(certDir(host), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(certDir(host), name), text, { mode: 0o600 });
    },
    logIn: auths => writeFileSync(join(dockerConfig, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 }),
  };
}

/** An entry of `auths` for a name and a password, as `docker login` and `kubectl create secret docker-registry` write it. */
export function basicAuth(username: string, password: string): { readonly auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}
