import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { FinishedStepLayer } from '../src/host/protocol.js';
import { HostSurroundings } from '../src/host/surroundings.js';
import { writeLayerTar } from '../src/layer/index.js';
import { ContentReader } from '../src/layer/write/open-content.js';
import { steadyCopy } from '../src/layer/write/steady-copy.js';
import type { Change } from '../src/model/change.js';
import { warnUnstable } from '../src/session/warn-unstable.js';
import { directory, file, listLayer, scratch } from './layer-support.js';

const size = 6 * 1024 * 1024;
const gzip = { id: 'gzip', options: {} };

const fileAt = (path: string): Change => ({
  kind: 'write',
  path: 'big',
  entry: file({ size }),
  content: { kind: 'path', path },
});

function surroundings(): HostSurroundings {
  return new HostSurroundings({ storeDir: join(scratch(), 'store'), plugins: { bundled: [], named: [] } });
}

async function written(around: HostSurroundings, changes: () => readonly Change[]): Promise<FinishedStepLayer> {
  const options = { compression: gzip, signal: AbortSignal.timeout(60_000), vanished: 'whiteout' } as const;
  const made = await around.writeLayer(changes, () => directory(), options);
  assert.ok(made);
  assert.deepEqual(readdirSync(around.store.ingestDir), [], 'copies are left');
  return made;
}

async function contentOf(around: HostSurroundings, { layer }: FinishedStepLayer): Promise<Buffer> {
  const tar = gunzipSync(readFileSync(around.store.blobPath(layer.descriptor.digest)));
  const [found] = await listLayer(tar);
  return Buffer.from(found?.content ?? '', 'latin1');
}

/** Another process, which rewrites a file as `script` says for as long as `act` takes; it prints something once it is at it. */
async function whileRewriting(path: string, script: string, act: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    await act();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

test('a large file that is rewritten now and then is in a layer as one of its versions', async () => {
  const path = join(scratch(), 'big');
  writeFileSync(path, Buffer.alloc(size, 1));
  const around = surroundings();
  const script = `
    const fs = require('node:fs');
    const fd = fs.openSync(process.argv[1], 'r+');
    const rewrite = version => {
      const piece = Buffer.alloc(65536, version % 250 + 1);
      for (let at = 0; at < ${size}; at += piece.length) fs.writeSync(fd, piece, 0, piece.length, at);
      if (version === 2) console.log('ready');
      setTimeout(rewrite, 40, version + 1);
    };
    rewrite(1);`;
  await whileRewriting(path, script, async () => {
    for (let round = 0; round < 4; round++) {
      const made = await written(around, () => [fileAt(path)]);
      assert.equal(made.unstable, undefined);
      const content = await contentOf(around, made);
      assert.equal(content.length, size);
      assert.equal(
        content.findIndex(byte => byte !== content[0]),
        -1,
        'versions are mixed',
      );
    }
  });
});

test('a large file that never stops changing is in a well-formed layer', async () => {
  const path = join(scratch(), 'big');
  writeFileSync(path, Buffer.alloc(size, 1));
  const around = surroundings();
  const script = `
    const fs = require('node:fs');
    const fd = fs.openSync(process.argv[1], 'r+');
    for (let i = 0; ; i++) {
      fs.writeSync(fd, Buffer.alloc(512, i), 0, 512, (i * 7919 * 512) % ${size});
      if (i === 10) console.log('ready');
    }`;
  await whileRewriting(path, script, async () => {
    const made = await written(around, () => [fileAt(path)]);
    assert.equal((await contentOf(around, made)).length, size);
    assert.deepEqual(made.unstable ?? ['big'], ['big']);
  });
});

test('a copy is made again until nobody changed the file meanwhile, a few times at most', () => {
  const dir = scratch();
  const path = join(dir, 'big');
  const reader = new ContentReader();
  for (const quietAfter of [0, 2, Number.POSITIVE_INFINITY]) {
    writeFileSync(path, Buffer.alloc(size, 1));
    const file = reader.open({ kind: 'path', path });
    assert.ok(file);
    let version = 1;
    const steps = steadyCopy(file, dir, reader);
    let step = steps.next();
    for (let pieces = 1; step.done !== true; pieces++) {
      // Once a try: in the middle of the file.
      if (pieces % 6 === 3 && version <= quietAfter) writeFileSync(path, Buffer.alloc(size, ++version));
      step = steps.next();
    }
    const { file: copy, isWhole } = step.value;
    assert.equal(isWhole, Number.isFinite(quietAfter));
    const content = Buffer.alloc(size + 1);
    assert.equal(copy.read(content), size);
    if (isWhole) assert.deepEqual(new Set(content.subarray(0, size)), new Set([version]));
    copy.close();
    file.close();
    assert.deepEqual(readdirSync(dir), ['big']);
  }
});

test('files that never stopped changing are named, the first few of them', () => {
  const said: string[] = [];
  const warn = (code: string, message: string): void => void said.push(`${code} ${message}`);
  const made = { unstable: ['a', 'b', 'c', 'd', 'e'] } as unknown as FinishedStepLayer;
  warnUnstable(made, { warn });
  assert.equal(said.length, 4);
  assert.match(said[0] ?? '', /^W_FILE_CHANGING "a" never stopped/);
  assert.match(said[3] ?? '', /so did 2 more files$/);
  warnUnstable(null, { warn });
  assert.equal(said.length, 4);
});

test('a large file that is appended to, replaced or taken away while it is read', async () => {
  const path = join(scratch(), 'big');
  const deeds: Readonly<Record<string, () => void>> = {
    append: () => appendFileSync(path, 'more'),
    replace: () => {
      writeFileSync(`${path}.new`, Buffer.alloc(size, 3));
      renameSync(`${path}.new`, path);
    },
    remove: () => rmSync(path),
  };
  for (const [name, act] of Object.entries(deeds)) {
    writeFileSync(path, Buffer.alloc(size, 2));
    const chunks: Uint8Array[] = [];
    const read = async (copied: boolean): Promise<void> => {
      const copyFirst = { dir: scratch(), paths: () => copied };
      for await (const chunk of writeLayerTar([fileAt(path)], { ancestor: () => directory(), copyFirst })) {
        if (chunks.length === 0) act();
        chunks.push(chunk);
      }
    };
    // Who reads an open file that somebody replaced or unlinked has the whole of it: only its ctime tells.
    if (name === 'append') await assert.rejects(read(false), { code: 'E_FILE_CHANGING', data: { path: 'big' } });
    writeFileSync(path, Buffer.alloc(size, 2));
    chunks.length = 0;
    await read(true);
    const [found] = await listLayer(Buffer.concat(chunks));
    assert.equal(found?.content, String.fromCharCode(2).repeat(size), name);
  }
});
