// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is tested
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRegistry } from '@varve/oci/testing';
import { varveWords } from './spawn-varve.js';

const available = spawnSync('script', ['--version']).status === 0;
const skip = available ? false : 'the script command of util-linux is not here';

/** Runs varve in a terminal of its own; `type` gets what was shown so far and gives what to type. */
async function inTerminal(args: string, env: Record<string, string>, type?: (shown: string) => string | undefined) {
  const command = `stty cols 70 rows 20; exec ${varveWords.map(word => `'${word}'`).join(' ')} ${args}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: {
      PATH: process.env.PATH,
      HOME: '/var/empty',
      VARVE_STORE: '/var/empty/varve',
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      SHELL: '/bin/sh',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const typed = type?.(shown);
    if (typed !== undefined) child.stdin.write(typed);
  });
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, shown };
}

test('a terminal gets the live display, with the digest in the summary and nowhere else', { skip }, async () => {
  const { code, shown } = await inTerminal('build .', { FAKE_ENGINE: 'good' });
  assert.equal(code, 0, shown);
  assert.match(shown, /✔[^\n]* \[build 3\/4\] RUN make/);
  assert.match(shown, /Built/);
  assert.equal(shown.match(/sha256:c{64}/g)?.length, 1);
});

test('Ctrl-C stops the build, shows that it stops, and leaves the terminal as it was', { skip }, async () => {
  let typed = false;
  const { code, shown } = await inTerminal('build .', { FAKE_ENGINE: 'slow' }, text => {
    if (typed || !text.includes('of 4 steps done')) return undefined;
    typed = true;
    return '\x03';
  });
  assert.equal(code, 130, shown);
  assert.match(shown, /error:[^\n]*interrupted/);
  assert.ok(shown.lastIndexOf('\x1b[?7h') > shown.lastIndexOf('\x1b[?7l'));
});

test('an archive is not written to a terminal', { skip }, async () => {
  const { code, shown } = await inTerminal('build -o type=oci,dest=- .', {});
  assert.equal(code, 2);
  assert.match(shown, /E_STDOUT_IS_TERMINAL/);
});

test('a dumb terminal and CI get plain lines', { skip }, async () => {
  for (const env of [{ TERM: 'dumb' }, { CI: 'true' }] as Record<string, string>[]) {
    const { shown } = await inTerminal('build .', env);
    assert.match(shown, /#4[^\n]*\[build 3\/4\] RUN make/);
    assert.doesNotMatch(shown, /\x1b\[\?7l/);
  }
});

test('varve login asks for name and password, and shows only the name', { skip }, async t => {
  const registry = await startRegistry({ auth: { kind: 'basic', username: 'me', password: 's3cret' } });
  const config = mkdtempSync(join(tmpdir(), 'varve-login-'));
  t.after(async () => {
    await registry.close();
    rmSync(config, { recursive: true, force: true });
  });
  const answers = [
    { asked: /Username: $/, answer: 'me\r' },
    { asked: /Password: $/, answer: 's3cret\r' },
  ];
  const { code, shown } = await inTerminal(`login ${registry.host}`, { DOCKER_CONFIG: config }, text => {
    const next =
      answers[0]?.asked.test(text.replaceAll(/\x1b\[[0-9;]*[A-Z]/g, '')) === true ? answers.shift() : undefined;
    return next?.answer;
  });
  assert.equal(code, 0, shown);
  assert.match(shown, /logged in to/);
  assert.doesNotMatch(shown, /s3cret/);
  const auth = Buffer.from('me:s3cret').toString('base64');
  assert.deepEqual(JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')).auths, { [registry.host]: { auth } });
});

test('varve login can be stopped where it asks', { skip }, async () => {
  let typed = false;
  const { code, shown } = await inTerminal('login -u me h.invalid', {}, text => {
    if (typed || !text.includes('Password: ')) return undefined;
    typed = true;
    return '\x03';
  });
  assert.equal(code, 130, shown);
});
