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
