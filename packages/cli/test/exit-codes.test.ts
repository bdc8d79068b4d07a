import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from '@varve/engine';
import type { PluginModule } from '@varve/engine/plugin';
import { bundledPlugins } from '../src/bundled-plugins.js';
import { goodResult } from './recorded-build.js';
import { varve } from './spawn-varve.js';

const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'varve-cli-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const digest = goodResult.digest;
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);

describe('varve ends with', { concurrency: 2 }, () => {
  test('0 where the build succeeds: the digest on standard output, everything else on standard error', async () => {
    for (const mode of ['plain', 'tty', 'quiet', 'auto']) {
      const ended = await varve(['build', '--progress', mode, '.']);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, `${digest}\n`, mode);
      assert.equal(ended.stderr === '', mode === 'quiet', mode);
    }
  });

  test('0 with JSON lines on standard error', async () => {
    const ended = await varve(['build', '--progress=json', '.']);
    assert.equal(ended.code, 0);
    assert.equal(ended.stdout, `${digest}\n`);
    const lines = jsonLines(ended.stderr);
    assert.equal(lines[0]?.type, 'buildStarted');
    assert.deepEqual(lines.at(-1), { type: 'result', digest, exports: [], duration: 3701 });
  });

  test('1 where the build fails, with nothing on standard output', async () => {
    writeFileSync(join(scratch, 'Dockerfile'), 'FROM debian:12\nCOPY . /src\nRUN make\n');
    const ended = await varve(['build', '.'], { env: { FAKE_ENGINE: 'bad' }, cwd: scratch });
    assert.equal(ended.code, 1);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, /error: RUN make ended with exit code 7 \[E_STEP_FAILED\]/);
    assert.match(ended.stderr, /3 \| RUN make\n {5}\| \^{8}\n/);
    assert.match(ended.stderr, /\| make: \*\*\* no rule for all\n/);
  });

  test('1 where the build fails, in quiet and in JSON', async () => {
    const quiet = await varve(['build', '-q', '.'], { env: { FAKE_ENGINE: 'bad' } });
    assert.equal(quiet.code, 1);
    assert.match(quiet.stderr, /^error: /);
    const json = await varve(['build', '--progress', 'json', '.'], { env: { FAKE_ENGINE: 'bad' } });
    assert.equal(json.code, 1);
    assert.equal(jsonLines(json.stderr).at(-1)?.code, 'E_STEP_FAILED');
  });

  test('1 for a fault of ours, with a stack only where it is asked for', async () => {
    const plain = await varve(['build', '.'], { env: { FAKE_ENGINE: 'internal' } });
    assert.equal(plain.code, 1);
    assert.match(plain.stderr, /this is a fault of Varve: x is not a function \[E_INTERNAL\]/);
    assert.match(plain.stderr, /VARVE_DEBUG=1/);
    assert.doesNotMatch(plain.stderr, / {4}at /);
    const debugged = await varve(['build', '.'], { env: { FAKE_ENGINE: 'internal', VARVE_DEBUG: '1' } });
    assert.match(debugged.stderr, /TypeError: x is not a function\n {4}at /);
  });

  test('1 where a command waits for what will never come, instead of 0', async () => {
    const ended = await varve(['build', '.'], { env: { FAKE_ENGINE: 'stalled' } });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /waits for something that will never come \[E_INTERNAL\]/);
  });

  test('1 for an error of the operating system', async () => {
    const ended = await varve(['build', '.'], { env: { FAKE_ENGINE: 'system' } });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /error: ENOSPC: no space left on device, write \[ENOSPC\]/);
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['build', '--bild-arg', 'A=1', '.'],
      /no flag --bild-arg \[E_NO_SUCH_FLAG\]\n {2}hint: did you mean --build-arg\?/,
    ],
    [
      ['build', '--platform', '', '--jobs', 'x', '.'],
      /2 flags have values that do not fit \[E_BAD_FLAGS\]\n {2}- --platform/,
    ],
    [['build', 'a', 'b'], /one argument too many: b \[E_USAGE\]/],
    [['build', '--watch', '-'], /--watch: standard input can be read once only \[E_BAD_FLAGS\]/],
    [['build', '--watch', 'https://example.com/x.tar'], /is no folder on this machine \[E_BAD_FLAGS\]/],
    [['build', '--watch-exec', 'true', '.'], /it goes with --watch \[E_BAD_FLAGS\]/],
    [['build', '--config', '/nonexistent/x.json', '.'], /\/nonexistent\/x\.json cannot be read.*\[E_CONFIG_FILE\]/],
    [['biuld', '.'], /there is no command biuld \[E_UNKNOWN_COMMAND\]\n {2}hint: did you mean varve build\?/],
    [['cache', 'list'], /there is no command cache list/],
    [['cache', 'prune', '--all', '--max-size', '1g'], /--all: it leaves nothing for/],
    [['cache', 'prune', '--max-size', 'x', '--older-than', 'y'], /2 flags have values/],
    [['diff', 'a'], /B is missing \[E_USAGE\]/],
    [['help', 'biuld'], /no command biuld/],
  ];
  for (const [args, said] of wrong) {
    test(`2 for varve ${args.join(' ')}`, async () => {
      const ended = await varve(args);
      assert.equal(ended.code, 2, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, said);
    });
  }

  test('2 where the engine refuses the call', async () => {
    const ended = await varve(['build', '.'], { env: { FAKE_ENGINE: 'usage' } });
    assert.equal(ended.code, 2, ended.stderr);
  });

  test('2 with a JSON error where the call cannot even be parsed', async () => {
    const ended = await varve(['build', '--progress', 'json', '--nope', '.']);
    assert.equal(ended.code, 2);
    assert.equal(jsonLines(ended.stderr)[0]?.code, 'E_NO_SUCH_FLAG');
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`${code} after ${signal}, once the build has cleaned up`, async () => {
      const ended = await varve(['build', '.'], {
        env: { FAKE_ENGINE: 'slow' },
        onStderr: (text, child) => text.includes('#0 oci') && child.kill(signal),
      });
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, /interrupted: stopping the steps that run/);
      assert.match(ended.stderr, /error: interrupted \[E_INTERRUPTED\]/);
      assert.equal(ended.stdout, '');
    });
  }

  test('130 at once after a second SIGINT', async () => {
    const ended = await varve(['build', '.'], {
      env: { FAKE_ENGINE: 'stuck' },
      onStderr: (text, child) => /#0 oci|interrupted: stopping/.test(text) && child.kill('SIGINT'),
    });
    assert.equal(ended.code, 130, ended.stderr);
  });
});

describe('outputs that the command line passes on', { concurrency: 2 }, () => {
  test('an archive on standard output stands there alone', async () => {
    const ended = await varve(['build', '-o', 'type=oci,dest=-', '.']);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stdout, 'ARCHIVE');
  });

  test('--load gives the archive to docker load', async () => {
    const docker = join(scratch, 'docker');
    writeFileSync(
      docker,
      `#!/bin/sh\necho "$@" > ${scratch}/args; cp "$3" ${scratch}/loaded; echo "Loaded image: app:latest"\n`,
    );
    chmodSync(docker, 0o755);
    const ended = await varve(['build', '--load', '-t', 'app', '.'], {
      env: { PATH: `${scratch}:${process.env.PATH}` },
    });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(readFileSync(join(scratch, 'loaded'), 'utf8'), 'ARCHIVE');
    assert.match(readFileSync(join(scratch, 'args'), 'utf8'), /^load --input \/.*\/image\.tar\n$/);
    assert.match(ended.stderr, /to docker {3}Loaded image: app:latest/);
  });

  test('--load without docker is refused before anything is built', async () => {
    const call = join(scratch, 'never');
    const ended = await varve(['build', '--load', '.'], { env: { PATH: '/nonexistent', FAKE_ENGINE_CALL: call } });
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /no docker command in PATH \[E_NO_DOCKER\]\n {2}hint: .*-o type=docker,dest=image\.tar/);
    assert.throws(() => readFileSync(call));
  });

  test('a docker load that fails makes the build fail', async () => {
    const folder = mkdtempSync(join(scratch, 'bad-'));
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho "Cannot connect to the Docker daemon" >&2; exit 3\n');
    chmodSync(join(folder, 'docker'), 0o755);
    const ended = await varve(['build', '--load', '.'], { env: { PATH: `${folder}:${process.env.PATH}` } });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /docker load ended with 3: Cannot connect to the Docker daemon \[E_LOAD_FAILED\]/);
  });
});

describe('other commands', { concurrency: 2 }, () => {
  test('plan, doctor, cache and diff answer on standard output', async () => {
    const calls = [
      ['plan', '.'],
      ['doctor'],
      ['cache', 'ls'],
      ['cache', 'prune', '--older-than', '7d'],
      ['diff', 'a', 'b'],
    ];
    for (const args of calls) {
      const ended = await varve(args);
      assert.equal(ended.code, 0, ended.stderr);
      assert.notEqual(ended.stdout, '');
      assert.equal(ended.stderr, '');
      const json = await varve([...args, '--json']);
      assert.equal(typeof JSON.parse(json.stdout), 'object', args.join(' '));
    }
  });

  test('cache prune says what may go', async () => {
    const call = join(scratch, 'prune.json');
    await varve(['cache', 'prune', '--older-than', '1h30m', '--max-size', '10g'], { env: { FAKE_ENGINE_CALL: call } });
    assert.deepEqual(JSON.parse(readFileSync(call, 'utf8')), { maxSize: 10 * 1024 ** 3, olderThanMs: 5_400_000 });
  });

  test('diff --exit-code ends with 1 where something differs', async () => {
    assert.equal((await varve(['diff', '--exit-code', 'a', 'b'])).code, 1);
    assert.equal((await varve(['diff', '--exit-code', 'a', 'a'])).code, 0);
  });

  test('doctor ends with 1 where RUN cannot be carried out', async () => {
    const ended = await varve(['doctor'], { env: { FAKE_ENGINE: 'undoctored' } });
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /cannot be run here/);
  });

  test('version, in all its forms', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    for (const args of [['version'], ['--version'], ['-v']]) {
      const ended = await varve(args);
      assert.equal(
        ended.stdout,
        `varve ${version} (node ${process.versions.node}, ${process.platform} ${process.arch})\n`,
      );
      assert.equal(ended.code, 0);
    }
  });

  test('the plugins that come with varve are found from where it is installed, those of the user are passed on', async () => {
    const call = join(scratch, 'plugins.json');
    const args = ['build', '--plugin', './mine.js,level=3', '--store', 's', '.'];
    await varve(args, { env: { FAKE_ENGINE_CALL: call }, cwd: scratch });
    const { plugins, bundled, store, cwd } = JSON.parse(readFileSync(call, 'utf8')) as BuildOptions;
    assert.equal(cwd, scratch);
    assert.equal(store, join(scratch, 's'));
    assert.deepEqual(plugins, [{ module: './mine.js', options: { level: '3' } }]);
    assert.deepEqual(bundled, bundledPlugins());
  });

  test('every plugin that comes with varve provides what is said of it', async () => {
    for (const { url, provides } of bundledPlugins()) {
      const { default: module } = require(fileURLToPath(url)) as { readonly default: PluginModule };
      const plugin = module.create(module.parseOptions(url.includes('cache-registry') ? { ref: 'localhost/c' } : {}));
      const provided = plugin.provides?.map(({ slot, id }) => ({ slot, id }));
      assert.deepEqual(provided, provides, url);
    }
  });
});
