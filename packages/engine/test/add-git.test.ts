import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from '@varve/oci/testing';
import { findProgram } from '../src/sys/find-program.js';
import { readLayoutImage, Workshop } from './build-support.js';
import { failure } from './planning-support.js';

const skip = findProgram('git', process.env) === undefined ? 'git is not installed' : false;

describe('ADD of a git repository', { skip }, () => {
  const shop = skip === false ? new Workshop() : (undefined as unknown as Workshop);
  const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
  let url = '';
  let commit = '';

  /** As git's "dumb" protocol has it: plain files. */
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(shop.dir, 'served', (request.url ?? '').replace(/\?.*/, ''))));
    } catch {
      response.writeHead(404).end();
    }
  });

  async function git(dir: string, ...args: readonly string[]): Promise<string> {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main'];
    const env = { PATH: process.env.PATH, HOME: shop.dir };
    const { code, stdout, stderr } = await runProgram(['git', ...identity, ...args], { cwd: dir, env });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  before(async () => {
    const work = shop.path('work');
    mkdirSync(join(work, 'sub'), { recursive: true });
    writeFileSync(join(work, 'f'), 'F', { mode: 0o755 });
    writeFileSync(join(work, 'sub/g'), 'G');
    await git(work, 'init', '-q');
    await git(work, 'add', '.');
    await git(work, 'commit', '-q', '-m', 'one');
    await git(work, 'tag', 'v1');
    commit = await git(work, 'rev-parse', 'HEAD');
    writeFileSync(join(work, 'f'), 'F2');
    await git(work, 'commit', '-q', '-a', '-m', 'two');
    mkdirSync(shop.path('served'));
    await git(shop.dir, 'clone', '-q', '--bare', work, 'served/r.git');
    await git(shop.path('served/r.git'), 'update-server-info');
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`;
  });
  after(() => server.close());

  const layersOf = async (line: string): Promise<readonly (readonly string[])[]> => {
    rmSync(shop.path('out'), { recursive: true, force: true });
    await shop.build(`FROM scratch\n${line}\n`, { outputs });
    return (await readLayoutImage(shop.path('out'))).layers;
  };

  it('brings its files without .git', async () => {
    assert.deepEqual(await layersOf(`ADD ${url} /src/`), [['src/', 'src/f = F2', 'src/sub/', 'src/sub/g = G']]);
  });
  it('takes ref and folder as a fragment or as a query', async () => {
    const expected = [['x/', 'x/g = G']];
    assert.deepEqual(await layersOf(`ADD ${url}#v1:sub /x`), expected);
    assert.deepEqual(await layersOf(`ADD ${url}?tag=v1&subdir=sub /x`), expected);
    assert.deepEqual(await layersOf(`ADD --exclude=sub ${url}#v1 /x`), [['x/', 'x/f = F']]);
  });
  it('checks the commit', async () => {
    const short = () => commit.slice(0, 10);
    assert.deepEqual(await layersOf(`ADD --checksum=${short()} --exclude=sub ${url}#v1 /x`), [['x/', 'x/f = F']]);
    await assert.rejects(layersOf(`\nADD --checksum=${short()} ${url}#main /x`), failure('E_CONTEXT_INVALID', '3:1'));
    assert.deepEqual(shop.leftovers(), []);
  });
  it('keeps .git where it is asked to, and is cached by the commit all the same', async () => {
    const [layer = []] = await layersOf(`ADD --keep-git-dir ${url}#v1 /x`);
    assert.ok(layer.includes(`x/.git/HEAD = ${commit}\n`), layer.join());
    const keys = [];
    for (const ref of ['v1', 'v1', 'main']) {
      await shop.build(`FROM scratch\nADD --keep-git-dir ${url}#${ref} /x\n`);
      const planned = shop.events.find(event => event.type === 'planned');
      keys.push(planned?.type === 'planned' ? planned.steps[0]?.key : undefined);
    }
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
  });
});
