import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeToc, encodeToc } from '../src/layer/toc-codec.js';
import type { LayerToc } from '../src/model/toc.js';
import { directory, file } from './layer-support.js';

const toc: LayerToc = {
  entries: [
    { kind: 'write', path: '', entry: directory({ mode: 0o1777 }) },
    { kind: 'write', path: 'é\udcff\nname', entry: file({ uid: 4_294_967_295, size: 2 ** 40, mtimeNs: -5n }) },
    { kind: 'write', path: 'link', entry: file({ type: 'symlink', linkTarget: '../\udc80' }) },
    { kind: 'write', path: 'hard', entry: file({ type: 'symlink', linkTarget: 't' }), linkTo: 'link' },
    { kind: 'whiteout', path: 'gone' },
    { kind: 'opaque', path: 'dir' },
    { kind: 'write', path: 'null', entry: file({ type: 'char', device: { major: 1, minor: 3 }, linkGroup: 7 }) },
    {
      kind: 'write',
      path: 'ping',
      entry: file({ xattrs: new Map([['security.capability', new Uint8Array([1, 0, 255])]]), mtimeNs: 2n ** 63n - 1n }),
    },
  ],
  passwd: 'root:x:0:0::/root:/bin/sh\n',
};

test('a table survives its encoding', () => {
  const again = decodeToc(encodeToc(toc));
  const entries = [...toc.entries];
  const marks = entries.filter(entry => entry.kind !== 'write');
  assert.ok(marks.length > 1);
  assert.deepEqual({ ...again, entries: [...again.entries] }, { ...toc, entries, marks, size: entries.length });
  assert.deepEqual([...decodeToc(encodeToc({ entries: [] })).entries], []);
});

test('what is damaged, cut off or foreign is noticed', () => {
  const bytes = encodeToc(toc);
  for (const left of [0, 10, 40, bytes.length - 1]) {
    assert.throws(() => decodeToc(bytes.subarray(0, left)), { code: 'E_TOC_DAMAGED' });
  }
  for (const at of [0, 15, 17, 60, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert.throws(() => decodeToc(damaged), { code: 'E_TOC_DAMAGED' });
  }
  assert.throws(() => decodeToc(Buffer.from('{"entries":[]} but as JSON, and longer than a header')), {
    code: 'E_TOC_DAMAGED',
  });
});
