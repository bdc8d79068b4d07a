import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, symlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readLayoutImage } from './build-support.js';
import { base, StepWorkshop, whyNoSteps } from './run-support.js';

const snapshotters = ['full', 'overlay'] as const;
const compression = { id: 'none', options: {} };
/** More than is written without a thread, and told of where it has to be unpacked. */
const large = 6 << 20;

/** Everything that a step sees of a folder. */
const look = (dir: string): string =>
  `RUN find ${dir} -print0 | sort -z | xargs -0 stat -c '%n %F %a %u:%g %Y %h' && find ${dir} -type f -print0 | sort -z | xargs -0 sha256sum && find ${dir} -type l -print0 | sort -z | xargs -r -0 -n 1 readlink\n`;

class LayingWorkshop extends StepWorkshop {
  readonly #id: string;

  constructor(id: string, size = large) {
    super({
      'context/tree/deep/er/file': 'deep',
      'context/tree/changed': 'new',
      'context/tree/folder-now/in it': 'a file before',
      'context/tree/script': '#!/bin/sh\n',
      'context/tree/large': randomBytes(size),
    });
    this.#id = id;
    chmodSync(this.path('context/tree/script'), 0o4755);
    linkSync(this.path('context/tree/changed'), this.path('context/tree/deep/linked'));
    symlinkSync('../changed', this.path('context/tree/deep/link'));
  }

  /** Builds, and gives what steps printed. */
  override output(text: string): Promise<string> {
    const url = import.meta.resolve(`@varve/plugin-snapshot-${this.#id}`);
    return super.output(text, {
      bundled: [{ url, provides: [{ slot: 'snapshotter', id: this.#id }] }],
      env: { PATH: process.env.PATH, HOME: this.dir, SOURCE_DATE_EPOCH: '1700000000' },
      compression,
      outputs: [{ type: 'oci', attributes: { dest: 'out' } }],
    });
  }

  /** Layers that were unpacked after they were written. */
  unpacked(): ReadonlySet<string> {
    return new Set(
      this.events.flatMap(event => (event.type === 'progress' && event.activity === 'unpack' ? event.what : [])),
    );
  }
}

for (const id of snapshotters)
  describe(`a COPY between two RUN, on a root of ${id}`, { skip: whyNoSteps() }, () => {
    const before =
      "RUN mkdir -p /d/deep/kept && echo old > /d/changed && echo f > /d/other && ln /d/other /d/deep/of-it && find /d -depth | xargs touch -d '2020-01-01 00:00:00'\n";

    it('lays down the very files of its layer, as if they were unpacked', async () => {
      const shop = new LayingWorkshop(id);
      const laid = await shop.output(`${base}${before}COPY --chown=7:8 tree /d/\n${look('/d')}`);
      assert.ok(![...shop.unpacked()].some(what => what.startsWith('layer')), [...shop.unpacked()].join());
      const one = await readLayoutImage(shop.path('out'));
      shop.freshStore();
      const stages = `${base.replace('base', 'made')}${before}COPY --chown=7:8 tree /d/\nFROM made\n${look('/d')}`;
      assert.equal(await shop.output(stages), laid);
      assert.deepEqual((await readLayoutImage(shop.path('out'))).config.rootfs, one.config.rootfs);
      assert.match(laid, /\/d\/script regular file 4755 7:8/);
      assert.match(laid, /\/d\/other regular file 644 0:0 .* 2$/m);
    });

    it('puts what it has in the place of other things', async () => {
      const shop = new LayingWorkshop(id);
      const other = 'RUN mkdir -p /d/tree && ln -s /nowhere /d/tree/large && echo x > /d/tree/deep\n';
      const printed = await shop.output(`${base}${other}COPY --parents tree/large tree/script /d/\n${look('/d')}`);
      assert.match(printed, /\/d\/tree\/large regular file/);
      assert.match(printed, /\/d\/tree\/deep regular file/);
    });

    it('has all that is little on the root before the next process begins, which it is told of at once', async () => {
      const shop = new LayingWorkshop(id, 1 << 20);
      const names = Array.from({ length: 300 }, (_, at) => `context/many/${at % 7}/${at}`);
      shop.write(Object.fromEntries(names.map(name => [name, name])));
      const text = `${base}RUN mkdir /d\nCOPY many /d/many\nRUN find /d -type f | wc -l\nCOPY tree /d/\nRUN find /d -type f | wc -l\n`;
      assert.equal(await shop.output(text), `300\n${300 + 6}\n`);
    });

    it('gives step and layer one version of a file that does not stand still', async () => {
      const shop = new LayingWorkshop(id, 24 << 20);
      const file = shop.path('context/tree/large');
      const writer = spawn(
        process.execPath,
        [
          '-e',
          `const fs = require('node:fs'); const fd = fs.openSync(${JSON.stringify(file)}, 'r+'); let at = 0; console.log(); setInterval(() => { for (let i = 0; i < 20; i++) fs.writeSync(fd, 'x'.repeat(1000), (at += 1_000_003) % ${23 << 20}) }, 1);`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      try {
        await new Promise(resolve => writer.stdout.once('data', resolve));
        const printed = await shop.output(`${base}RUN mkdir /d\nCOPY tree /d/\nRUN sha256sum /d/large\n`);
        const { manifest } = await readLayoutImage(shop.path('out'));
        const tar = readFileSync(shop.path(`out/blobs/${manifest.layers[3]?.digest.replace(':', '/')}`));
        const at = tar.indexOf('d/large\0') + 512;
        const inLayer = createHash('sha256')
          .update(tar.subarray(at, at + (24 << 20)))
          .digest('hex');
        assert.equal(printed, `${inLayer}  /d/large\n`);
      } finally {
        writer.kill('SIGKILL');
      }
    });
  });

/** The snapshotter `full`, but for roots that take no layer while that is written. */
const takesNone = `
import full from ${JSON.stringify(import.meta.resolve('@varve/plugin-snapshot-full'))};
const [inner] = full.create(full.parseOptions({})).provides;
const apply = root => (layer, signal) => {
  if (layer.diffId === '') throw Object.assign(new Error('no room'), { code: 'E_STORE_FULL' });
  return root.apply(layer, signal);
};
const refusing = root =>
  new Proxy(root, {
    get(_, key) {
      if (key === 'apply') return apply(root);
      return typeof root[key] === 'function' ? root[key].bind(root) : root[key];
    },
  });
const create = async tools => {
  const roots = await inner.create(tools);
  return { open: async (request, signal) => refusing(await roots.open(request, signal)) };
};
export default {
  ...full,
  create: () => ({ name: 'takes-none', version: '1.0.0', contract: '^1.0.0', provides: [{ ...inner, id: 'takes-none', create }] }),
};
`;

describe('a COPY that cannot be laid on the root', { skip: whyNoSteps() }, () => {
  it('fails, and the process that was to run on it is not begun', async () => {
    const shop = new StepWorkshop({ 'context/file': 'content', 'takes-none.mjs': takesNone });
    const plugins = [{ module: './takes-none.mjs', options: {} }];
    const text = `${base}FROM base\nRUN echo first\nCOPY file /d/\nRUN echo second\n`;
    await assert.rejects(shop.output(text, { plugins, caches: [], snapshotter: { id: 'takes-none', options: {} } }), {
      code: 'E_STORE_FULL',
    });
    assert.deepEqual(shop.outcomes().slice(-3), ['ran', 'failed', 'stopped']);
    const printed = shop.events.flatMap(event => (event.type === 'stepOutput' ? event.text : []));
    assert.equal(printed.join(''), 'first\n');
    assert.deepEqual(shop.leftovers(), []);
  });
});
