import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hostsText, parseAddHost, resolvConfText, writeEtcFiles } from '../src/executor/etc-files.js';

describe('resolv.conf', () => {
  const host = '# made by hand\nnameserver 127.0.0.53\n nameserver 10.0.0.2\nsearch a b\noptions ndots:2\n';
  it("is the machine's with its network", () => assert.equal(resolvConfText(host, 'host'), host));
  it('names no server without one', () =>
    assert.equal(resolvConfText(host, 'none'), '# made by hand\nsearch a b\noptions ndots:2\n'));
});

describe('hosts', () => {
  it('names the machine and what was added', () => {
    assert.equal(
      hostsText('varve', ['db:10.0.0.5', 'six=[fe80::1]', 'plain:::1']),
      '127.0.0.1\tlocalhost varve\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.5\tdb\nfe80::1\tsix\n::1\tplain\n',
    );
  });
  for (const spec of [
    'db',
    'db:',
    ':1.2.3.4',
    'db:somewhere',
    'a b:1.2.3.4',
    'db:1.2.3.4 evil',
    'db:1.2.3.4\n6.6.6.6',
  ]) {
    it(`refuses ${JSON.stringify(spec)}`, () =>
      assert.throws(() => parseAddHost(spec), { code: 'E_ADD_HOST_INVALID' }));
  }
});

it('the files are readable by every user and mounted writable', () => {
  const dir = mkdtempSync(join(tmpdir(), 'varve-etc-'));
  const umask = process.umask(0o077);
  try {
    const mounts = writeEtcFiles({ dir, network: 'none', hostname: 'h', addHosts: [] });
    assert.deepEqual(
      mounts.map(mount => [mount.kind, mount.target, mount.kind === 'bind' && mount.readOnly]),
      [
        ['bind', '/etc/resolv.conf', false],
        ['bind', '/etc/hosts', false],
      ],
    );
    for (const mount of mounts) {
      assert.ok(mount.kind === 'bind');
      assert.equal(statSync(mount.source).mode & 0o777, 0o644);
    }
    assert.match(readFileSync(join(dir, 'hosts'), 'utf8'), /localhost h\n/);
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true });
  }
});
