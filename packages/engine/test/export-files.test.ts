import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createRegistryClient, type RegistryClient } from '@varve/oci';
import { runProgram } from '@varve/oci/testing';
import { localExporter } from '../src/export/local.js';
import { tarExporter } from '../src/export/tar.js';
import { type BuiltSample, builtSample, exportTarget, sampleTools } from './built-sample.js';

const root = mkdtempSync(join(tmpdir(), 'varve-files-'));
const registry: RegistryClient = createRegistryClient({ retries: 0 });
const signal = new AbortController().signal;
const local = localExporter((code, message) => assert.fail(`${code} ${message}`));
let sample: BuiltSample;
let count = 0;
const fresh = (): string => join(root, `out-${count++}`);

before(async () => {
  sample = await builtSample({
    layers: [
      { 'etc/gone': 'x', 'etc/stays': 'first', 'dir/lower': 'l' },
      { 'etc/.wh.gone': '', 'etc/stays': 'second', 'dir/.wh..wh..opq': '', 'dir/upper': 'u' },
    ],
  });
});
after(async () => {
  await registry.close();
  rmSync(root, { recursive: true, force: true });
});

describe('output type=local', () => {
  it('writes the merged files into a new folder', async () => {
    const dest = fresh();
    const [result] = await local.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), signal);
    assert.deepEqual(result, { target: dest, digest: sample.images.images[0].manifestDescriptor.digest });
    assert.deepEqual(readdirSync(dest).sort(), ['dir', 'etc']);
    assert.deepEqual(readdirSync(join(dest, 'etc')), ['stays']);
    assert.equal(readFileSync(join(dest, 'etc/stays'), 'utf8'), 'second');
    assert.deepEqual(readdirSync(join(dest, 'dir')), ['upper']);
    assert.equal(lstatSync(join(dest, 'dir/upper')).mode & 0o777, 0o755);
    assert.deepEqual(
      readdirSync(root).filter(name => name.startsWith('.')),
      [],
    );
  });

  it('leaves what a folder holds beside it', async () => {
    const dest = fresh();
    mkdirSync(join(dest, 'etc'), { recursive: true });
    writeFileSync(join(dest, 'etc/mine'), 'mine');
    writeFileSync(join(dest, 'etc/stays'), 'old');
    await local.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), signal);
    assert.equal(readFileSync(join(dest, 'etc/mine'), 'utf8'), 'mine');
    assert.equal(readFileSync(join(dest, 'etc/stays'), 'utf8'), 'second');
  });

  it('moves nothing where a file is in the place of a folder', async () => {
    const dest = fresh();
    mkdirSync(dest);
    writeFileSync(join(dest, 'etc'), 'a file');
    await assert.rejects(local.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), signal), {
      code: 'E_EXPORT',
      message: `${dest}/etc is a file there, and not in the image`,
    });
    assert.deepEqual(readdirSync(dest), ['etc']);
  });

  it('makes a folder for each of several platforms', async () => {
    const both = await builtSample({}, { platform: { os: 'linux', architecture: 'arm64' }, layers: [{ arm: 'y' }] });
    const dest = fresh();
    await local.export(both.images, exportTarget({ dest }), sampleTools(both, registry), signal);
    assert.deepEqual(readdirSync(dest).sort(), ['linux_amd64', 'linux_arm64']);
    const merged = fresh();
    const target = exportTarget({ dest: merged, 'platform-split': 'false' });
    await local.export(both.images, target, sampleTools(both, registry), signal);
    assert.deepEqual(readdirSync(merged).sort(), ['arm', 'hello.txt']);
  });

  it('leaves nothing behind when a layer cannot be had', async () => {
    const dest = fresh();
    const broken = { ...sample, blobs: new Map() };
    await assert.rejects(local.export(sample.images, exportTarget({ dest }), sampleTools(broken, registry), signal));
    assert.ok(!existsSync(dest));
    assert.deepEqual(
      readdirSync(root).filter(name => name.startsWith('.')),
      [],
    );
  });

  it('refuses places that are no folders', () => {
    const file = fresh();
    writeFileSync(file, '');
    for (const dest of [file, '-', '/'])
      assert.throws(() => local.check(exportTarget({ dest })), { code: 'E_OUTPUT_INVALID' });
  });
});

describe('output type=tar', () => {
  it('writes the merged files as one tar', async () => {
    const dest = `${fresh()}.tar`;
    await tarExporter.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), signal);
    const listed = await runProgram(['tar', '-tf', dest]);
    assert.equal(listed.code, 0, listed.stderr);
    const names = listed.stdout.split('\n').filter(name => name !== '' && !name.endsWith('/'));
    assert.deepEqual(names.sort(), ['dir/upper', 'etc/stays']);
    assert.equal((await runProgram(['tar', '-xOf', dest, 'etc/stays'])).stdout, 'second');
  });

  it('refuses several platforms', async () => {
    const both = await builtSample({}, { platform: { os: 'linux', architecture: 'arm64' } });
    await assert.rejects(
      tarExporter.export(both.images, exportTarget({ dest: fresh() }), sampleTools(both, registry), signal),
      { code: 'E_EXPORT' },
    );
  });
});
