import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inRepository } from '../rig/repository.js';
import { run } from '../rig/run.js';
import { transcript, varveBin, varveEnvironment, varveWith } from '../rig/varve.js';

const skipUnlessRoot = process.getuid?.() === 0 ? false : 'RUN steps need root';

describe('what the documents say works', () => {
  let folder = '';
  before(() => {
    // Below the repository, so that a plugin finds @varve/engine as one in a project would.
    mkdirSync(inRepository('.work'), { recursive: true });
    folder = mkdtempSync(inRepository('.work/documents-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('npm run demo, twice: an image, then all cached, at once', { skip: skipUnlessRoot }, async () => {
    const options = { cwd: inRepository('.'), env: varveEnvironment(), timeout: 300_000 };
    const first = await run('npm', ['run', '--silent', 'demo'], options);
    assert.equal(first.code, 0, transcript(first));
    assert.match(first.stdout, /^Digest\n {2}sha256:[0-9a-f]{64}$/m);
    const second = await run('npm', ['run', '--silent', 'demo'], options);
    assert.equal(second.code, 0, transcript(second));
    const seconds = /^Built in ([\d.]+)s: all \d+ steps were cached$/m.exec(second.stderr)?.[1];
    // Half a second on a quiet machine; other tests run beside this one.
    assert.ok(seconds !== undefined && Number(seconds) < 4, transcript(second));
  });

  test('the commands of the README that need no registry', { skip: skipUnlessRoot }, async () => {
    const varve = varveWith(join(folder, 'store'));
    for (const args of [
      ['doctor'],
      ['plan', '.'],
      ['build', '.', '-o', 'type=oci,dest=app.tar'],
      ['build', '--help'],
    ]) {
      const outcome = args.includes('--help')
        ? await run(process.execPath, [varveBin, ...args], { env: varveEnvironment() })
        : await varve(args, { cwd: folder });
      assert.equal(outcome.code, 0, transcript(outcome));
    }
  });

  test('the plugin of docs/plugins.md', async () => {
    const page = readFileSync(inRepository('docs/plugins.md'), 'utf8');
    const source = /```js\n(\/\/ policy\.js[\s\S]*?)```/.exec(page)?.[1];
    assert.ok(source !== undefined);
    writeFileSync(join(folder, 'policy.mjs'), source);
    const varve = varveWith(join(folder, 'store'));
    const call = (level: string) =>
      varve(['build', '.', '--plugin', `./policy.mjs,level=${level}`, '-o', 'type=oci,dest=out'], { cwd: folder });
    const allowed = await call('1');
    assert.equal(allowed.code, 0, transcript(allowed));
    const refused = await call('2');
    assert.equal(refused.code, 1, transcript(refused));
    assert.match(refused.stderr, /policy refused in imageBuilt: the image runs as root \[E_PLUGIN_HOOK\]/);
    assert.match(refused.stderr, /add a USER to the Dockerfile/);
    const mistaken = await varve(['build', '.', '--plugin', './policy.mjs,colour=red'], { cwd: folder });
    assert.equal(mistaken.code, 2, transcript(mistaken));
    assert.match(mistaken.stderr, /unknown: colour/);
  });
});
