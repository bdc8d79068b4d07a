import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as api from '@varve/oci';
import * as testing from '@varve/oci/testing';

const folder = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

test('the table of error codes is the list of error codes', () => {
  const rows = Array.from(readme.matchAll(/^\| `(E_\w+)` *\| (.+?) *\|$/gm), match => [match[1], match[2]]);
  assert.deepEqual(rows, Object.entries(api.errorCodes));
});

test('every value that is exported is explained, and nothing else', () => {
  for (const name of [...Object.keys(api), ...Object.keys(testing)]) assert.ok(readme.includes(`\`${name}`), name);
  const called = Array.from(readme.matchAll(/`(\w+)\(/g), match => match[1] ?? '');
  const known = new Set([...Object.keys(api), ...Object.keys(testing)]);
  assert.deepEqual(
    called.filter(name => !known.has(name)),
    [],
  );
});

test('every code that is thrown is listed, and every listed code is thrown', () => {
  const source = new URL('src/', folder);
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const thrown = new Set(
    files.flatMap(name =>
      Array.from(readFileSync(new URL(name, source), 'utf8').matchAll(/'(E_[A-Z0-9_]+)'/g), match => match[1]),
    ),
  );
  assert.deepEqual([...thrown].toSorted(), Object.keys(api.errorCodes).toSorted());
});

test('the examples run, one after the other, as they stand but for the names of registries', async t => {
  const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), match => match[1] ?? '');
  assert.ok(examples.length >= 4);
  const [hub, backup] = [await testing.startRegistry(), await testing.startRegistry()];
  // Inside the package, so that it finds itself by its name.
  const folder = fileURLToPath(new URL(`./examples-${process.pid}/`, import.meta.url));
  mkdirSync(folder);
  t.after(async () => {
    await hub.close();
    await backup.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const index = testing.sampleIndex([
    await testing.sampleImage({ platform: api.hostPlatform(), layers: [{ a: 'b' }] }),
    await testing.sampleImage({ platform: { os: 'linux', architecture: 's390x' } }),
  ]);
  const client = api.createRegistryClient();
  await api.copyImage({
    from: { kind: 'content', reader: index.reader, root: index.descriptor },
    to: {
      kind: 'registry',
      client,
      references: [`${hub.host}/alpine:3.20`, `${hub.host}/user/app:1`].map(api.parseReference),
    },
  });
  const here = (text: string): string =>
    text
      .replaceAll("'alpine:", `'${hub.host}/alpine:`)
      .replaceAll(/ghcr\.io|registry\.example/g, hub.host)
      .replaceAll('backup.example', backup.host);
  const outputs: string[] = [];
  for (const [at, example] of examples.entries()) {
    const file = join(folder, `example-${at}.mjs`);
    writeFileSync(file, here(example));
    const ran = await testing.runProgram([process.execPath, file], { cwd: folder });
    assert.equal(ran.code, 0, `${ran.stderr}\n${example}`);
    outputs.push(ran.stdout);
  }
  assert.match(outputs[2] ?? '', new RegExp(`app:1 ${index.descriptor.digest} .*linux/s390x`));
  assert.match(outputs[2] ?? '', /blobs sent/);
  for (const name of ['registry.example/app:1', 'registry.example/other/app:latest', 'backup.example/app:1'])
    assert.equal((await client.resolve(api.parseReference(here(name)))).digest, index.descriptor.digest);
  await client.close();
  const stores = [
    await api.readLayoutTar(join(folder, 'made.tar')),
    await api.readDockerArchive(join(folder, 'made-docker.tar')),
  ];
  for (const store of stores) {
    assert.equal((await store.images()).length, 1);
    await store.close();
  }
});
