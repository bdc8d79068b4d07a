import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkConfig } from '../src/config/check.js';
import { loadConfig } from '../src/config/load.js';
import { varve } from './spawn-varve.js';

const scratch = mkdtempSync(join(tmpdir(), 'varve-config-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(scratch, 'case-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const ask = (dir: string, more: Partial<Parameters<typeof loadConfig>[0]> = {}) =>
  loadConfig({ file: undefined, env: { XDG_CONFIG_HOME: dir }, cwd: '/', context: undefined, ...more });

test('the configuration folder of the user: JSON first, then JavaScript', async () => {
  assert.deepEqual(await ask(folder({})), {});
  assert.deepEqual(await ask(folder({ 'varve/config.json': '{"jobs": 2}', 'varve/config.js': 'export default {}' })), {
    jobs: '2',
  });
  const js = folder({ 'varve/config.mjs': 'export default { cache: ["lmdb"], push: false }' });
  assert.deepEqual(await ask(js), { cache: ['lmdb'], push: false });
});

test('HOME counts where XDG_CONFIG_HOME is not an absolute path', async () => {
  const home = folder({ '.config/varve/config.json': '{"network": "none"}' });
  assert.deepEqual(await ask('relative', { env: { XDG_CONFIG_HOME: 'relative', HOME: home } }), { network: 'none' });
  assert.deepEqual(await ask('', { env: { HOME: 'relative' } }), {});
});

test('neither the working directory nor the context is read', async () => {
  const text = '{"network": "host"}';
  const dir = folder({
    'varve/config.json': text,
    'config.json': text,
    '.varverc': text,
    'package.json': `{"varve": ${text}}`,
  });
  assert.deepEqual(
    await loadConfig({ file: undefined, env: { XDG_CONFIG_HOME: '/nonexistent' }, cwd: dir, context: '.' }),
    {},
  );
  assert.deepEqual(await ask(dir, { cwd: dir, context: '.' }), {}, 'a configuration folder inside the context');
  const link = join(folder({}), 'link');
  symlinkSync(dir, link);
  assert.deepEqual(await ask(dir, { context: link }), {}, 'the same by way of a link');
  assert.deepEqual(await ask(dir, { cwd: dir, context: 'https://example.com/x.git' }), { network: 'host' });
});

test('certificates of a configuration file are found from its folder', async () => {
  const dir = folder({
    'ci/varve.json': JSON.stringify({
      'registry-certificate': ['h:5000=ca,1.crt', 'i=/etc/ca.crt'],
      'registry-client-cert': 'h=me.cert,../me.key',
    }),
  });
  assert.deepEqual(await ask('/nonexistent', { file: 'ci/varve.json', cwd: dir }), {
    'registry-certificate': [`h:5000=${dir}/ci/ca,1.crt`, 'i=/etc/ca.crt'],
    'registry-client-cert': [`h=${dir}/ci/me.cert,${dir}/me.key`],
  });
});

test('certificates that are not there, or are none, are found before anything is begun', async () => {
  const dir = folder({ 'not.pem': 'MIIB' });
  const { code, stderr } = await varve(
    ['build', '--registry-certificate', 'h=absent.crt', '--registry-client-cert', 'h=not.pem,not.pem', '.'],
    { cwd: dir },
  );
  assert.equal(code, 2, stderr);
  assert.match(stderr, /absent\.crt: the file cannot be read \(ENOENT\)/);
  assert.match(stderr, /not\.pem: the file holds no PEM text/);
});

test('--config names a file, relative to the working directory; its plugins are found from its folder', async () => {
  const dir = folder({ 'ci/varve.json': '{"plugin": ["./p.js,a=1", "../q.js", "npm-name"], "snapshot": "full"}' });
  assert.deepEqual(await ask('/nonexistent', { file: 'ci/varve.json', cwd: dir }), {
    plugin: [`${dir}/ci/p.js,a=1`, `${dir}/q.js`, 'npm-name'],
    snapshot: 'full',
  });
});

test('everything that does not fit is said at once', () => {
  const content = { snapshto: 'full', push: 'yes', cache: [1], jobs: { a: 1 }, config: 'x' };
  assert.throws(
    () => checkConfig(content, 'f.json'),
    (error: Error & { code?: string; problems?: readonly string[] }) => {
      assert.equal(error.code, 'E_CONFIG_FILE');
      assert.deepEqual(error.problems, [
        'snapshto: there is no such flag; did you mean snapshot?',
        'push: it is true or false',
        'cache: it is a text or a list of texts',
        'jobs: it is a text',
        'config: there is no such flag',
      ]);
      return true;
    },
  );
  for (const content of [[], 'x', null, 1]) assert.throws(() => checkConfig(content, 'f'), { code: 'E_CONFIG_FILE' });
});

test('a file that cannot be read or parsed is named', async () => {
  const dir = folder({ 'bad.json': '{' });
  await assert.rejects(ask('/x', { file: join(dir, 'bad.json') }), {
    code: 'E_CONFIG_FILE',
    message: /bad\.json cannot be read/,
  });
  await assert.rejects(ask('/x', { file: join(dir, 'missing.json') }), { code: 'E_CONFIG_FILE' });
});

test('flags win over the configuration; other commands take what they know', async () => {
  const dir = folder({
    'c.json': '{"network": "none", "jobs": 3, "tag": ["from-config"], "push": true, "store": "/s"}',
  });
  const call = join(dir, 'call.json');
  const args = ['--config', 'c.json', '--network', 'host', '--push=false'];
  const ended = await varve(['build', ...args, '.'], { cwd: dir, env: { FAKE_ENGINE_CALL: call } });
  assert.equal(ended.code, 0, ended.stderr);
  const options = JSON.parse(readFileSync(call, 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [options.network, options.jobs, options.tags, options.push, options.store],
    ['host', 3, ['from-config'], false, '/s'],
  );
  const doctor = await varve(['doctor', '--config', 'c.json'], { cwd: dir });
  assert.match(doctor.stdout, /store {5}\/s/);
});
