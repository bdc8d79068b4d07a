import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  copyImage,
  createLayout,
  createRegistryClient,
  formatPlatform,
  hostPlatform,
  mediaTypes,
  openImageStore,
  parseReference,
  type RegistryClient,
} from '@varve/oci';
import { type MemoryRegistry, sampleImage, sampleIndex, startDockerRegistry, startRegistry } from '@varve/oci/testing';
import { varve } from './spawn-varve.js';

const scratch = mkdtempSync(join(tmpdir(), 'varve-transfer-test-'));
const own = await sampleImage({ platform: hostPlatform(), layers: [{ a: 'own' }] });
const foreign = await sampleImage({ platform: { os: 'linux', architecture: 's390x' }, layers: [{ a: 'z' }] });
const index = sampleIndex([own, foreign]);
const client: RegistryClient = createRegistryClient();
let registry: MemoryRegistry;

before(async () => {
  registry = await startRegistry();
  const content = { kind: 'content', reader: index.reader, root: index.descriptor } as const;
  const references = [parseReference(`${registry.host}/app:1`)];
  await copyImage({ from: content, to: { kind: 'registry', client, references } });
  const layout = await createLayout(join(scratch, 'layout'));
  await copyImage({ from: content, to: { kind: 'layout', layout, names: ['app:1'] } });
  await copyImage({ from: { ...content, root: own.descriptor }, to: { kind: 'layout', layout, names: ['app:own'] } });
});
after(async () => {
  await client.close();
  await registry.close();
  rmSync(scratch, { recursive: true, force: true });
});

const digestAt = async (name: string): Promise<string> => (await client.resolve(parseReference(name))).digest;
const folder = (): string => mkdtempSync(join(scratch, 'case-'));

describe('varve pull', () => {
  test("takes this machine's image into a layout folder, once", async () => {
    const cwd = folder();
    const first = await varve(['pull', `${registry.host}/app:1`, 'images', '--digest-file', 'digest'], { cwd });
    assert.deepEqual([first.code, first.stdout], [0, `${own.descriptor.digest}\n`], first.stderr);
    assert.equal(first.stderr.match(/ copied$/gm)?.length, 2, first.stderr);
    assert.equal(readFileSync(join(cwd, 'digest'), 'utf8'), own.descriptor.digest);
    const again = await varve(['pull', `${registry.host}/app:1`, 'images'], { cwd });
    assert.equal(again.stderr.match(/ was there/gm)?.length, 2, again.stderr);
    const store = await openImageStore(join(cwd, 'images'));
    assert.deepEqual(
      (await store.images()).map(({ name }) => name),
      [`${registry.host}/app:1`],
    );
  });

  test('takes every platform with the digest that it has, or one that is named', async () => {
    const cwd = folder();
    const all = await varve(['pull', '-q', '--platform', 'all', `${registry.host}/app:1`, 'x/all.tar'], { cwd });
    assert.deepEqual([all.code, all.stdout, all.stderr], [0, `${index.descriptor.digest}\n`, '']);
    const store = await openImageStore(join(cwd, 'x/all.tar'));
    assert.equal((await store.find()).descriptor.digest, index.descriptor.digest);
    await store.close();
    const one = await varve(['pull', '--json', '--platform', 'linux/s390x', `${registry.host}/app:1`, 'one'], { cwd });
    const { digest, mediaType, blobs } = JSON.parse(one.stdout);
    assert.deepEqual([digest, mediaType], [foreign.descriptor.digest, mediaTypes.ociManifest]);
    assert.deepEqual(blobs, { copied: 2, skipped: 0 });
  });

  test("makes a docker archive, or a layout with Docker's media types", async () => {
    const cwd = folder();
    const name = `${registry.host}/app:1`;
    const ended = await varve(['pull', '--type', 'docker', name, 'app.tar'], { cwd });
    assert.equal(ended.code, 0, ended.stderr);
    const store = await openImageStore(join(cwd, 'app.tar'));
    assert.ok(await store.find(name));
    await store.close();
    const docker = await varve(['pull', '--oci-mediatypes=false', '--platform', 'all', name, 'd'], { cwd });
    const layout = await openImageStore(join(cwd, 'd'));
    const { descriptor } = await layout.find();
    assert.equal(descriptor.mediaType, mediaTypes.dockerIndex);
    assert.equal(docker.stdout, `${descriptor.digest}\n`);
  });

  test('leaves nothing behind where it fails, and says why', async () => {
    const cwd = folder();
    const none = await varve(['pull', '--platform', 'linux/riscv64', `${registry.host}/app:1`, 'new'], { cwd });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /linux\/s390x.*\[E_PLATFORM_MISMATCH\]/);
    assert.equal(existsSync(join(cwd, 'new')), false);
    mkdirSync(join(cwd, 'full.tar'));
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full', 'x'), '');
    writeFileSync(join(cwd, 'file'), '');
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['h/app', 'full.tar'], /full\.tar is a folder, and an archive is to be written/],
      [['h/app', 'full'], /has other things in it/],
      [['h/app', 'file'], /file is a file, and a layout folder/],
      [['h/App', 'new'], /image names are lower case/],
      [['--type', 'tar', 'h/app', 'new'], /--type tar: .*oci, docker/],
      [['--type', 'docker', '--platform', 'all', 'h/app', 'new'], /a docker archive holds one platform/],
      [['h/app'], /DEST is missing/],
    ];
    for (const [args, message] of wrong) {
      const ended = await varve(['pull', ...args], { cwd });
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, message);
    }
  });

  test('goes by mirrors, and by nothing else where that is asked for', async () => {
    const cwd = folder();
    const mapped = ['--registry-map', `nowhere.invalid=${registry.host}`, '--skip-default-registry-fallback'];
    const ended = await varve(['pull', ...mapped, 'nowhere.invalid/app:1', 'a.tar'], { cwd });
    assert.equal(ended.code, 0, ended.stderr);
    const missing = await varve(['pull', ...mapped, 'nowhere.invalid/app:2', 'b.tar'], { cwd });
    assert.match(missing.stderr, /E_MANIFEST_UNKNOWN/);
    const down = ['--registry-map', `${registry.host}=127.0.0.1:1`];
    const told = await varve(['pull', ...down, `${registry.host}/app:1`, 'd.tar'], { cwd });
    assert.match(told.stderr, /^warning: the mirror 127\.0\.0\.1:1 of .* is passed over: .* \[W_MIRROR_FAILED\]$/m);
    const hub = await varve(['pull', '--registry-mirror', `${registry.host}`, 'docker.io/app:1', 'c.tar'], { cwd });
    assert.equal(hub.code, 1);
  });
});

describe('varve push', () => {
  test('pushes nothing where the digest could not be written', async () => {
    const source = `${join(scratch, 'layout')}:app:1`;
    const before = registry.seen.length;
    const ended = await varve(['push', source, `${registry.host}/vain:1`, '--digest-file', 'absent/digest']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /--digest-file absent\/digest: it cannot be written/);
    assert.equal(registry.seen.length, before);
  });

  test('pushes one image of a layout under several names and sends nothing twice', async () => {
    const other = await startRegistry();
    const names = [`${registry.host}/new/a:1`, `${registry.host}/new/b`, `${other.host}/c:1`];
    const source = `${join(scratch, 'layout')}:app:1`;
    const first = await varve(['push', source, ...names]);
    assert.deepEqual([first.code, first.stdout], [0, `${index.descriptor.digest}\n`], first.stderr);
    for (const name of names) assert.equal(await digestAt(name), index.descriptor.digest);
    assert.equal(await digestAt(`${registry.host}/new/b:latest`), index.descriptor.digest);
    for (const each of [registry, other]) each.seen.length = 0;
    const again = await varve(['push', source, ...names]);
    assert.equal(again.code, 0);
    const uploads = [...registry.seen, ...other.seen].filter(({ method }) => method === 'POST' || method === 'PATCH');
    assert.deepEqual(uploads, []);
    await other.close();
  });

  test('pushes an archive, one platform of it, and what the store keeps', async () => {
    const cwd = folder();
    await varve(['pull', '--platform', 'all', `${registry.host}/app:1`, 'app.tar'], { cwd });
    const platform = formatPlatform(hostPlatform());
    const one = await varve(['push', '--platform', platform, 'app.tar', `${registry.host}/one:1`], { cwd });
    assert.deepEqual([one.code, one.stdout], [0, `${own.descriptor.digest}\n`], one.stderr);
    const kept = ['push', 'app:own', `${registry.host}/kept:1`, '--store', join(scratch, 'layout')];
    const fromStore = await varve(kept, { cwd });
    assert.equal(fromStore.stdout, `${own.descriptor.digest}\n`, fromStore.stderr);
    const docker = await varve(['push', '--oci-mediatypes=false', 'app.tar', `${registry.host}/docker:1`], { cwd });
    const { mediaType, digest } = await client.resolve(parseReference(`${registry.host}/docker:1`));
    assert.deepEqual([mediaType, `${digest}\n`], [mediaTypes.dockerIndex, docker.stdout]);
  });

  test('uses credentials of config.json, and says what is wrong', async t => {
    const account = { username: 'me', password: 'pass' };
    const started = await startDockerRegistry({ auth: account });
    if ('missing' in started) return t.skip(started.missing);
    t.after(started.close);
    const dir = folder();
    const auth = Buffer.from('me:pass').toString('base64');
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: { [started.host]: { auth } } }));
    const args = ['push', `${join(scratch, 'layout')}:app:own`, `${started.host}/app:1`];
    const refused = await varve(args);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /wants credentials for .*, and there are none.*\[E_UNAUTHORIZED\]/);
    const pushed = await varve(args, { env: { DOCKER_CONFIG: dir } });
    assert.deepEqual([pushed.code, pushed.stdout], [0, `${own.descriptor.digest}\n`], pushed.stderr);
    const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['absent', 'h/app'], 2, /no layout, archive or image in the store called absent/],
      [[join(scratch, 'layout'), 'h/app'], 1, /has 2 images; say which/],
      [[`${join(scratch, 'layout')}:app:own`], 2, /REF is missing/],
      [['--bogus', 'x', 'h/app'], 2, /there is no flag --bogus/],
    ];
    for (const [words, code, message] of wrong) {
      const ended = await varve(['push', ...words]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, message);
    }
  });
});
