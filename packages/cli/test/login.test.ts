import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type MemoryRegistry, makeCertificates, startRegistry } from '@varve/oci/testing';
import { type Ended, varve } from './spawn-varve.js';

const scratch = mkdtempSync(join(tmpdir(), 'varve-login-test-'));
const account = { username: 'me', password: 's3cret:pass' };
let registry: MemoryRegistry;
before(async () => {
  registry = await startRegistry({ auth: { kind: 'bearer', ...account } });
});
after(async () => {
  await registry.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A DOCKER_CONFIG of its own. */
function configFolder(content?: unknown): { readonly dir: string; readonly file: string } {
  const dir = mkdtempSync(join(scratch, 'docker-'));
  const file = join(dir, 'config.json');
  if (content !== undefined) writeFileSync(file, JSON.stringify(content));
  return { dir, file };
}

const login = (dir: string, password: string, ...more: readonly string[]): Promise<Ended> =>
  varve(['login', '-u', account.username, '--password-stdin', registry.host, ...more], {
    env: { DOCKER_CONFIG: dir },
    input: password,
  });

/** Nothing that was shown holds the password, in clear or as basic authentication has it. */
function hidesPassword({ stdout, stderr }: Ended): void {
  const encoded = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  for (const secret of [account.password, encoded]) assert.ok(!`${stdout}${stderr}`.includes(secret));
}

describe('varve login and logout', { concurrency: 2 }, () => {
  test('keep what the registry takes, in config.json with the rest of it, and forget it again', async () => {
    const { dir, file } = configFolder({ auths: { 'other.example': { auth: 'eDp5' } }, detachKeys: 'ctrl-q' });
    chmodSync(file, 0o644);
    const ended = await login(dir, `${account.password}\n`);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stdout, `logged in to ${registry.host}; the credentials are kept in ${file}\n`);
    assert.match(ended.stderr, /not encrypted there/);
    hidesPassword(ended);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    assert.deepEqual(kept, {
      auths: { 'other.example': { auth: 'eDp5' }, [registry.host]: { auth } },
      detachKeys: 'ctrl-q',
    });
    for (const said of ['forgot the credentials of', 'there were no credentials of']) {
      const out = await varve(['logout', registry.host], { env: { DOCKER_CONFIG: dir } });
      assert.deepEqual([out.code, out.stdout, out.stderr], [0, `${said} ${registry.host}\n`, '']);
    }
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).auths, { 'other.example': { auth: 'eDp5' } });
  });

  test('keep nothing that the registry refuses', async () => {
    const { dir, file } = configFolder();
    const ended = await login(dir, 'wrong');
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /refuses its credentials.*\[E_UNAUTHORIZED\]/);
    assert.equal(existsSync(file), false);
  });

  test('hand over to the helper that config.json names', async () => {
    const { dir, file } = configFolder({ credHelpers: { [registry.host]: 'test' } });
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    const helper = join(bin, 'docker-credential-test');
    writeFileSync(
      helper,
      '#!/bin/sh\necho "$@" >> "$DOCKER_CONFIG/calls"\n[ "$1" = store ] && cat > "$DOCKER_CONFIG/stored"\nexit 0\n',
    );
    chmodSync(helper, 0o755);
    const ended = await varve(['login', '-u', 'me', '--password-stdin', registry.host], {
      env: { DOCKER_CONFIG: dir, PATH: `${bin}:${process.env.PATH}` },
      input: account.password,
    });
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    assert.match(ended.stdout, /kept in docker-credential-test\n$/);
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'stored'), 'utf8')), {
      ServerURL: registry.host,
      Username: 'me',
      Secret: account.password,
    });
    assert.equal(readFileSync(join(dir, 'calls'), 'utf8'), 'store\n');
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, 'utf8'))), ['credHelpers']);
  });

  test('want a name and a password, and no password among the arguments', async () => {
    const calls: readonly (readonly [readonly string[], RegExp])[] = [
      [['login', '--password-stdin', 'h'], /name of the account is missing/],
      [['login', '-u', 'me', 'h'], /no terminal to ask for the password on/],
      [['login', '-u', 'me', '--password-stdin', 'h'], /the password is empty/],
      [['login', '-u', 'me', '--password', 'hunter2', 'h'], /there is no flag --password /],
      [['login', '-u', 'me', '-phunter2', 'h'], /there is no flag -p /],
      [['login', '-u', 'me', '--password-stdin', 'h', 'i'], /one argument too many/],
    ];
    for (const [args, message] of calls) {
      const ended = await varve(args);
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /hunter2/);
    }
  });

  test('trust the authority that a flag names', async t => {
    const made = await makeCertificates();
    if ('missing' in made) return t.skip(made.missing);
    const secure = await startRegistry({ auth: { kind: 'basic', ...account }, tls: made });
    t.after(secure.close);
    const { dir } = configFolder();
    writeFileSync(join(dir, 'ca.crt'), made.ca);
    const call = (...more: readonly string[]) =>
      varve(['login', '-u', 'me', '--password-stdin', secure.host, ...more], {
        env: { DOCKER_CONFIG: dir },
        cwd: dir,
        input: account.password,
      });
    const trusted = await call('--registry-certificate', `${secure.host}=ca.crt`);
    assert.equal(trusted.code, 0, trusted.stderr);
    const unchecked = await call('--skip-tls-verify-registry', secure.host);
    assert.equal(unchecked.code, 0, unchecked.stderr);
  });
});
