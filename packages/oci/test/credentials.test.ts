import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadCredentials, login, logout } from '@varve/oci';
import { startRegistry } from '@varve/oci/testing';
import { temporaryFolder } from './support.js';

const pair = (name: string, password: string) => Buffer.from(`${name}:${password}`).toString('base64');

/** A home folder of its own, with files by path, and an environment that knows nothing else. */
async function home(t: Parameters<typeof temporaryFolder>[0], files: Readonly<Record<string, unknown>>) {
  const dir = await temporaryFolder(t);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
    if (path.startsWith('bin/')) await chmod(join(dir, path), 0o755);
  }
  const env = { HOME: dir, XDG_RUNTIME_DIR: join(dir, 'run'), PATH: `${join(dir, 'bin')}:/usr/bin:/bin` };
  return { dir, env };
}

/** A credential helper that keeps what it is given in a file, and notes how it was called. */
const helper = `#!/bin/sh
printf '%s\\n' "$0 $*" >> "$HOME/calls"
case "$1" in
  get) read -r server; [ -f "$HOME/kept" ] || { echo 'credentials not found in native keychain'; exit 1; }; cat "$HOME/kept" ;;
  store) cat > "$HOME/kept" ;;
  erase) rm -f "$HOME/kept" ;;
esac
`;

describe('loadCredentials', () => {
  it('finds the longest path, in every form of key and entry', async t => {
    const { env } = await home(t, {
      '.docker/config.json': {
        auths: {
          'https://index.docker.io/v1/': { auth: pair('hub', 'h:ub') },
          'ghcr.io': { username: 'all', password: 'a' },
          'ghcr.io/team': { auth: pair('team', 't') },
          'https://quay.io/v2/': { auth: pair('quay', 'q') },
          'idp.example': { auth: pair('<token>', ''), identitytoken: 'refresh' },
          'tok.example:5000': { registrytoken: 'ready' },
          'empty.example': {},
        },
      },
    });
    const store = loadCredentials(env);
    assert.deepEqual(await store.lookup('docker.io/library/busybox'), { username: 'hub', password: 'h:ub' });
    assert.deepEqual(await store.lookup('registry-1.docker.io'), { username: 'hub', password: 'h:ub' });
    assert.deepEqual(await store.lookup('ghcr.io/other/app'), { username: 'all', password: 'a' });
    assert.deepEqual(await store.lookup('ghcr.io/team/app'), { username: 'team', password: 't' });
    assert.deepEqual(await store.lookup('ghcr.io/teamwork'), { username: 'all', password: 'a' });
    assert.deepEqual(await store.lookup('quay.io'), { username: 'quay', password: 'q' });
    assert.deepEqual(await store.lookup('idp.example/x'), { username: '<token>', identityToken: 'refresh' });
    assert.deepEqual(await store.lookup('tok.example:5000'), { registryToken: 'ready' });
    for (const none of ['empty.example', 'tok.example', 'example']) assert.equal(await store.lookup(none), undefined);
  });

  it("takes DOCKER_AUTH_CONFIG first, then REGISTRY_AUTH_FILE, Docker's file and podman's", async t => {
    const auths = (name: string, ...hosts: readonly string[]) => ({
      auths: Object.fromEntries(hosts.map(host => [host, { auth: pair(name, 'x') }])),
    });
    const { dir, env } = await home(t, {
      'named.json': auths('named', 'a.io', 'b.io'),
      'docker/config.json': auths('docker', 'a.io', 'b.io', 'c.io'),
      'run/containers/auth.json': auths('podman', 'a.io', 'c.io', 'd.io'),
      '.config/containers/auth.json': auths('config', 'd.io', 'e.io'),
    });
    const all = {
      ...env,
      DOCKER_AUTH_CONFIG: JSON.stringify(auths('inline', 'a.io')),
      REGISTRY_AUTH_FILE: join(dir, 'named.json'),
      DOCKER_CONFIG: join(dir, 'docker'),
    };
    const store = loadCredentials(all);
    const names = await Promise.all(
      ['a.io', 'b.io', 'c.io', 'd.io', 'e.io'].map(async host => (await store.lookup(host))?.username),
    );
    assert.deepEqual(names, ['inline', 'named', 'docker', 'podman', 'config']);
  });

  it('takes the variables of a job of GitLab CI last, each for its own registry', async t => {
    const { env } = await home(t, { '.docker/config.json': { auths: { 'known.lan': { auth: pair('file', 'f') } } } });
    const job = (server: string) => ({
      ...{ CI_REGISTRY: server, CI_REGISTRY_USER: 'ci', CI_REGISTRY_PASSWORD: 'token' },
      ...{
        CI_DEPENDENCY_PROXY_SERVER: 'gitlab.lan:443',
        CI_DEPENDENCY_PROXY_USER: 'dep',
        CI_DEPENDENCY_PROXY_PASSWORD: 'd',
      },
    });
    const store = loadCredentials({ ...env, ...job('registry.lan:5050') });
    assert.deepEqual(await store.lookup('registry.lan:5050/group/app'), { username: 'ci', password: 'token' });
    assert.deepEqual(await store.lookup('gitlab.lan/group/dependency_proxy'), { username: 'dep', password: 'd' });
    for (const other of ['registry.lan', 'registry.lan:5051', 'gitlab.lan:444', 'docker.io', 'x.registry.lan'])
      assert.equal(await store.lookup(other), undefined, other);
    assert.equal((await loadCredentials({ ...env, ...job('known.lan') }).lookup('known.lan'))?.username, 'file');
    assert.equal(await loadCredentials({ ...env, ...job(''), CI_REGISTRY_PASSWORD: '' }).lookup(''), undefined);
  });

  it('asks helpers over their standard input', async t => {
    const { dir, env } = await home(t, {
      '.docker/config.json': {
        credsStore: 'kept',
        credHelpers: { 'own.io': 'none' },
        auths: { 'plain.io': { auth: pair('p', 'p') } },
      },
      'bin/docker-credential-kept': helper,
      'bin/docker-credential-none': '#!/bin/sh\necho credentials not found in native keychain\nexit 1\n',
      kept: '{"ServerURL":"x","Username":"u","Secret":"s3cret"}',
    });
    const store = loadCredentials(env);
    assert.deepEqual(await store.lookup('any.io/app'), { username: 'u', password: 's3cret' });
    assert.deepEqual(await store.lookup('plain.io'), { username: 'p', password: 'p' });
    assert.deepEqual(await store.lookup('own.io'), { username: 'u', password: 's3cret' });
    await Promise.all(['any.io/other', 'any.io'].map(name => store.lookup(name)));
    const calls = await readFile(join(dir, 'calls'), 'utf8');
    assert.match(calls, /docker-credential-kept get\n$/);
    assert.equal(calls.trim().split('\n').length, 2, 'a helper is asked once of a registry');
    assert.doesNotMatch(calls, /s3cret|any\.io/);
  });

  it('reads files and asks helpers again where a credential was refused', async t => {
    const { dir, env } = await home(t, {
      '.docker/config.json': { credHelpers: { 'own.io': 'kept' }, auths: { 'plain.io': { auth: pair('p', 'old') } } },
      'bin/docker-credential-kept': helper,
      kept: '{"ServerURL":"x","Username":"u","Secret":"old"}',
    });
    const store = loadCredentials(env);
    const passwords = async (anew: boolean) =>
      [await store.lookup('own.io', { anew }), await store.lookup('plain.io', { anew })].map(found => found?.password);
    assert.deepEqual(await passwords(false), ['old', 'old']);
    await writeFile(join(dir, 'kept'), '{"ServerURL":"x","Username":"u","Secret":"new"}');
    await writeFile(
      join(dir, '.docker/config.json'),
      JSON.stringify({ credHelpers: { 'own.io': 'kept' }, auths: { 'plain.io': { auth: pair('p', 'new') } } }),
    );
    assert.deepEqual(await passwords(true), ['new', 'new']);
  });

  it('says what cannot be used, without quoting it', async t => {
    const files: readonly [string, Readonly<Record<string, unknown>>][] = [
      ['not JSON', { '.docker/config.json': '{"auths": {"a.io": {"auth": "S3CRET' }],
      ['no pair', { '.docker/config.json': { auths: { 'a.io': { auth: 'UzNDUkVU' } } } }],
      ['no helper', { '.docker/config.json': { credsStore: 'absent' } }],
      ['a path as helper', { '.docker/config.json': { credsStore: '../../tmp/x' } }],
      [
        'failing',
        {
          '.docker/config.json': { credsStore: 'bad' },
          'bin/docker-credential-bad': '#!/bin/sh\necho S3CRET; exit 3\n',
        },
      ],
      [
        'babbling',
        { '.docker/config.json': { credsStore: 'bad' }, 'bin/docker-credential-bad': '#!/bin/sh\necho S3CRET\n' },
      ],
    ];
    for (const [name, content] of files) {
      const { env } = await home(t, content);
      await assert.rejects(loadCredentials(env).lookup('a.io'), error => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'E_CREDENTIALS', name);
        assert.doesNotMatch(`${error.message} ${String(error.cause)} ${'hint' in error ? error.hint : ''}`, /S3CRET/);
        return true;
      });
    }
  });
});

describe('login and logout', () => {
  it('keep a tried credential in config.json with mode 0600 and the rest of the file', async t => {
    const registry = await startRegistry({ auth: { kind: 'basic', username: 'me', password: 'pass' } });
    t.after(registry.close);
    const { dir, env } = await home(t, {
      'elsewhere/config.json': { psFormat: 'table', auths: { 'x.io': { auth: pair('x', 'x') } } },
    });
    await mkdir(join(dir, '.docker'));
    const path = join(dir, 'elsewhere/config.json');
    await symlink(path, join(dir, '.docker/config.json'));
    await assert.rejects(login(registry.host, { username: 'me', password: 'wrong' }, { env }), {
      code: 'E_UNAUTHORIZED',
    });
    assert.deepEqual(await login(registry.host, { username: 'me', password: 'pass' }, { env }), { file: path });
    const json = JSON.parse(await readFile(path, 'utf8'));
    assert.deepEqual(json, {
      psFormat: 'table',
      auths: { 'x.io': { auth: pair('x', 'x') }, [registry.host]: { auth: pair('me', 'pass') } },
    });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await loadCredentials(env).lookup(registry.host), { username: 'me', password: 'pass' });
    assert.equal(await logout(registry.host, { env }), true);
    assert.equal(await logout(registry.host, { env }), false);
    assert.equal(await loadCredentials(env).lookup(registry.host), undefined);
    assert.deepEqual(await loadCredentials(env).lookup('x.io'), { username: 'x', password: 'x' });
  });

  it('give the credential to the helper that config.json names', async t => {
    const registry = await startRegistry({ auth: { kind: 'bearer', username: 'me', password: 's3cret' } });
    t.after(registry.close);
    const { dir, env } = await home(t, {
      '.docker/config.json': { credsStore: 'kept' },
      'bin/docker-credential-kept': helper,
    });
    assert.deepEqual(await login(registry.host, { username: 'me', password: 's3cret' }, { env }), { helper: 'kept' });
    assert.doesNotMatch(await readFile(join(dir, '.docker/config.json'), 'utf8'), /s3cret|auths/);
    assert.doesNotMatch(await readFile(join(dir, 'calls'), 'utf8'), /s3cret/);
    assert.deepEqual(await loadCredentials(env).lookup(registry.host), { username: 'me', password: 's3cret' });
    assert.equal(await logout(registry.host, { env }), true);
    assert.equal(await loadCredentials(env).lookup(registry.host), undefined);
  });
});
