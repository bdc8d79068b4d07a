import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestOf } from '@varve/oci';
import { readLayoutImage, Workshop } from './build-support.js';

const dockerfile = `FROM scratch AS files
COPY a.txt dir /d/
FROM scratch
COPY --from=files /d/ /copied
ADD <<TEXT /written
text
TEXT
WORKDIR /w
LABEL l=1
CMD ["x"]
`;
const context = {
  'context/a.txt': 'A',
  'context/dir/b.txt': 'B',
  'context/dir/ignored.log': '',
  'context/.dockerignore': '**/*.log\n',
};
const layout = [{ type: 'oci', attributes: { dest: 'out' } }];

describe('a build without RUN', () => {
  it('writes an image layout, and needs no root file system', async () => {
    const shop = new Workshop(context);
    const result = await shop.build(dockerfile, { outputs: layout });
    const { manifest, config, layers } = await readLayoutImage(shop.path('out'));
    assert.deepEqual(layers, [['copied/', 'copied/a.txt = A', 'copied/b.txt = B'], ['written = text\n'], ['w/']]);
    assert.deepEqual(config.config?.Cmd, ['x']);
    assert.deepEqual(config.config?.Labels, { l: '1' });
    assert.equal(config.config?.WorkingDir, '/w');
    assert.deepEqual(
      config.history?.map(({ created_by: by, empty_layer: empty }) => [by, empty ?? false]),
      [
        ['COPY /d/ /copied # buildkit', false],
        ['ADD <<TEXT /written # buildkit', false],
        ['WORKDIR /w', false],
        ['LABEL l=1', true],
        ['CMD ["x"]', true],
      ],
    );
    assert.equal(result.digest, digestOf(Buffer.from(JSON.stringify(manifest))));
    assert.deepEqual(
      result.exports.map(({ exporter, digest }) => [exporter, digest]),
      [['oci', result.digest]],
    );
    assert.ok(!shop.events.some(({ type }) => type === 'providerChosen'));
    assert.deepEqual(shop.leftovers(), []);
    assert.equal(statSync(shop.store).mode & 0o777, 0o700);
  });

  it('tells what happens in an order that makes sense', async () => {
    const shop = new Workshop(context);
    await shop.build(dockerfile, { outputs: layout });
    const types = shop.events.map(({ type }) => type).filter(type => type !== 'progress');
    assert.deepEqual(types.slice(0, 2), ['buildStarted', 'planned']);
    assert.deepEqual(types.slice(-3), ['imageBuilt', 'exported', 'buildFinished']);
    const open = new Set<string>();
    for (const event of shop.events) {
      if (event.type === 'stepStarted') open.add(`${event.stage} ${event.step}`);
      if (event.type === 'stepFinished') assert.ok(open.delete(`${event.stage} ${event.step}`), event.label);
    }
    assert.equal(open.size, 0);
    const last = shop.events.at(-1);
    assert.ok(last?.type === 'buildFinished' && last.ok);
    assert.ok(shop.events.every(({ time }, at) => time >= (shop.events[at - 1]?.time ?? 0)));
  });

  it('is not disturbed by whoever listens', async () => {
    const shop = new Workshop(context);
    shop.onEvent = () => {
      throw new Error('my own fault');
    };
    assert.match((await shop.build('FROM scratch\nCOPY a.txt /\n')).digest, /^sha256:/);
  });

  it('keeps what nobody asked for in the store, under its name', async () => {
    const shop = new Workshop(context);
    const result = await shop.build('FROM scratch\nCOPY a.txt /\n', { tags: ['example.test/a:1'] });
    assert.equal(result.keptAs, 'example.test/a:1');
    const { layers } = await readLayoutImage(shop.store);
    assert.deepEqual(layers, [['a.txt = A']]);
    assert.equal((await shop.build('FROM scratch\nCOPY a.txt /\n')).keptAs, 'latest');
  });

  it('writes the files that were asked for, with the digests of the image', async () => {
    const shop = new Workshop(context);
    const result = await shop.build('FROM scratch\nCOPY a.txt /\n', { metadataFile: 'meta.json', iidFile: 'iid' });
    const [image] = result.images.images;
    assert.equal(readFileSync(shop.path('iid'), 'utf8'), image.configDescriptor.digest);
    const metadata = JSON.parse(readFileSync(shop.path('meta.json'), 'utf8'));
    assert.equal(metadata['containerimage.digest'], result.digest);
    assert.equal(metadata['containerimage.config.digest'], image.configDescriptor.digest);
    assert.deepEqual(metadata['containerimage.descriptor'], image.manifestDescriptor);
  });

  it('of two platforms makes an index of both', async () => {
    const shop = new Workshop(context);
    const text = 'FROM scratch\nARG TARGETARCH\nCOPY a.txt /$TARGETARCH\n';
    const result = await shop.build(text, { platforms: ['linux/amd64', 'linux/arm64'] });
    assert.equal(result.digest, result.images.index?.descriptor.digest);
    const [one, two] = result.images.images;
    assert.deepEqual([one.config.architecture, two?.config.architecture], ['amd64', 'arm64']);
    assert.notEqual(one.layers[0]?.diffId, two?.layers[0]?.diffId);
  });

  it('works for a normal user', test => {
    if (process.getuid?.() !== 0) return test.skip('all tests of this run are one');
    const shop = new Workshop({ ...context, Dockerfile: dockerfile, 'mine/.keep': '' });
    const options = {
      context: 'context',
      file: 'Dockerfile',
      cwd: shop.dir,
      store: shop.path('mine/store'),
      caches: [],
      env: {},
      outputs: [{ type: 'oci', attributes: { dest: 'mine/out' } }],
    };
    const script = `const { build } = await import(${JSON.stringify(new URL('../src/index.js', import.meta.url).href)});
process.stdout.write((await build(${JSON.stringify(options)})).digest);`;
    chmodSync(shop.dir, 0o777);
    chmodSync(shop.path('mine'), 0o777);
    const user = { uid: 65534, gid: 65534, cwd: '/', encoding: 'utf8' } as const;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], user);
    if (child.stderr.includes('EACCES') && child.stderr.includes('/dist/src/'))
      return test.skip('a normal user may not read this package');
    assert.match(child.stdout, /^sha256:/, child.stderr);
    assert.equal(lstatSync(shop.path('mine/out')).uid, 65534);
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  const env = { SOURCE_DATE_EPOCH: '1700000000' };

  it('gives the same digest on fresh stores, whatever the times of the files', async () => {
    const shop = new Workshop(context);
    const first = await shop.build(dockerfile, { env, noCache: true });
    shop.freshStore();
    utimesSync(shop.path('context/a.txt'), 1_800_000_000, 1_800_000_000);
    utimesSync(shop.path('context/dir'), 1_900_000_000, 1_900_000_000);
    const second = await shop.build(dockerfile, { env, noCache: true });
    assert.equal(second.digest, first.digest);
    const [{ config }] = second.images.images;
    assert.equal(config.created, '2023-11-14T22:13:20.000Z');
    assert.deepEqual(new Set(config.history?.map(({ created }) => created)), new Set([config.created]));
  });

  it('keeps times that are older', async () => {
    const shop = new Workshop(context);
    const digests: string[] = [];
    for (const seconds of [1_600_000_000, 1_650_000_000]) {
      utimesSync(shop.path('context/a.txt'), seconds, seconds);
      digests.push((await shop.build('FROM scratch\nCOPY a.txt /\n', { env })).digest);
    }
    assert.notEqual(digests[0], digests[1]);
  });

  it('may be a build argument, which comes before the environment', async () => {
    const shop = new Workshop(context);
    const created = async (value: string | undefined): Promise<string | undefined> => {
      const built = await shop.build('FROM scratch\nCOPY a.txt /\n', { env, buildArgs: { SOURCE_DATE_EPOCH: value } });
      return built.images.images[0].config.created;
    };
    assert.equal(await created('1600000000'), '2020-09-13T12:26:40.000Z');
    assert.equal(await created(undefined), '2023-11-14T22:13:20.000Z');
  });

  it('that is no time is refused before anything is done', async () => {
    const shop = new Workshop(context);
    for (const text of ['yesterday', '-1', '1.5', '999999999999999'])
      await assert.rejects(shop.build(dockerfile, { env: { SOURCE_DATE_EPOCH: text } }), { code: 'E_VALUE_INVALID' });
    assert.equal(existsSync(shop.store), false);
  });
});

describe('the store', () => {
  it('holds blobs under their digests', async () => {
    const shop = new Workshop(context);
    await shop.build(dockerfile);
    const folder = join(shop.store, 'blobs/sha256');
    const names = readdirSync(folder);
    // Config, manifest, a layer for each of the two COPY, and those of ADD and WORKDIR.
    assert.equal(names.length, 6);
    for (const name of names) assert.equal(digestOf(readFileSync(join(folder, name))), `sha256:${name}`);
  });
});
