import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { codeOf } from '../src/model/error.js';
import { setXattr } from '../src/sys/xattr.js';
import { imageOf, keyOfLast, lastSteps, type Planning, planOf } from './planning-support.js';

const base = mkdtempSync(join(tmpdir(), 'varve-plan-'));
after(() => rmSync(base, { recursive: true, force: true }));

async function runKey(lines: string, planning: Planning = {}): Promise<string> {
  return keyOfLast('RUN', `FROM base\n${lines}\nRUN make\n`, planning);
}

describe('the key of a RUN', () => {
  const alone = ['LABEL a=b', 'CMD ["x"]', 'ENTRYPOINT y', 'EXPOSE 80', 'HEALTHCHECK CMD true', 'STOPSIGNAL TERM'];
  alone.push('VOLUME /v', 'MAINTAINER me', 'ONBUILD RUN x', 'ARG UNSET', 'WORKDIR /', '# a comment');

  for (const line of alone)
    it(`is not moved by ${line}`, async () => {
      assert.equal(await runKey(line), await runKey(''));
    });

  const moving = [
    'ENV A=1',
    'ARG B=2',
    'USER 7',
    'WORKDIR /w',
    'SHELL ["/bin/bash", "-c"]',
    'RUN before',
    'COPY <<E /f\nx\nE',
  ];
  it('is moved by everything that the process sees, each in its own way', async () => {
    const keys = await Promise.all(
      ['', ...moving, 'ENV A=2', 'ENV B=1', 'USER 7:7', 'RUN other'].map(line => runKey(line)),
    );
    assert.equal(new Set(keys).size, keys.length);
  });

  it('tells an argument from nothing by its value, not by its declaration', async () => {
    const withArg = (value: string): Promise<string> => runKey('ARG A', { buildArgs: { A: value } });
    assert.notEqual(await withArg('1'), await withArg('2'));
    assert.equal(await runKey('', { buildArgs: { A: '1' } }), await runKey(''));
  });

  it('is the same for a process that sees the same', async () => {
    assert.equal(await runKey('ARG A=1'), await runKey('ENV A=1'));
  });

  it('holds no proxies that nobody declared', async () => {
    const proxied = { buildArgs: { HTTP_PROXY: 'http://p:1', no_proxy: 'x' } };
    assert.equal(await runKey('', proxied), await runKey(''));
    assert.notEqual(await runKey('ARG HTTP_PROXY', proxied), await runKey('ARG HTTP_PROXY'));
  });

  it('knows the form, the network and the script', async () => {
    const texts = ['RUN make', 'RUN ["make"]', 'RUN --network=none make', 'RUN <<E\nmake\nE', 'RUN <<E\nmake\n#\nE'];
    const scripts = ['RUN <<E\n#!/bin/sh\nmake\nE', 'RUN <<E\n#!/bin/sh\nmade\nE'];
    const keys = await Promise.all([...texts, ...scripts].map(text => keyOfLast('RUN', `FROM base\n${text}\n`)));
    assert.equal(new Set(keys).size, keys.length);
    assert.notEqual(await runKey('', { network: 'none' }), await runKey(''));
  });

  it('is the same for the same words behind variables', async () => {
    const key = (text: string): Promise<string> => keyOfLast('COPY', `FROM base\n${text}\n`);
    assert.equal(await key('ENV D=/dest\nCOPY <<E $D/f\nx\nE'), await key('COPY <<E /dest/f\nx\nE'));
  });

  it('knows the base by its layers, not by its name, digest or config', async () => {
    const on = (layers: string[], config = {}, name = 'base'): Promise<string> =>
      keyOfLast('RUN', `FROM ${name}\nRUN make\n`, { images: { [name]: imageOf(layers, config) } });
    assert.equal(await on(['a', 'b']), await on(['a', 'b'], { Labels: { x: 'y' }, Cmd: ['z'] }, 'elsewhere:5'));
    assert.notEqual(await on(['a', 'b']), await on(['a']));
    assert.notEqual(await on(['a', 'b']), await on(['b', 'a']));
    // What a process sees of the config counts.
    assert.notEqual(await on(['a']), await on(['a'], { User: 'me' }));
  });

  it('knows the platform and what holds for every step', async () => {
    const arm = { os: 'linux', architecture: 'arm64' };
    assert.notEqual(await runKey('', { platform: arm }), await runKey(''));
    assert.notEqual(
      await runKey('', { commonFields: { clamp: '1' } }),
      await runKey('', { commonFields: { clamp: '2' } }),
    );
  });
});

function replaceByLink(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}

describe('the key of a COPY', () => {
  let dir = '';
  let count = 0;
  beforeEach(() => {
    dir = join(base, String(count++));
    mkdirSync(join(dir, 'd/sub'), { recursive: true });
    writeFileSync(join(dir, 'd/file'), 'content');
    writeFileSync(join(dir, 'd/sub/other'), 'other');
    symlinkSync('file', join(dir, 'd/link'));
    writeFileSync(join(dir, 'beside'), 'beside');
  });

  const copyKey = (line = 'COPY d /d', planning: Planning = {}): Promise<string> =>
    keyOfLast('COPY', `FROM base\n${line}\n`, { dir, ...planning });

  const moves: Readonly<Record<string, () => void>> = {
    content: () => writeFileSync(join(dir, 'd/file'), 'CONTENT'),
    mode: () => chmodSync(join(dir, 'd/file'), 0o755),
    'mode of a directory': () => chmodSync(join(dir, 'd/sub'), 0o700),
    'a name': () => renameSync(join(dir, 'd/file'), join(dir, 'd/file2')),
    'a place': () => renameSync(join(dir, 'd/file'), join(dir, 'd/sub/file')),
    'a link target': () => replaceByLink(join(dir, 'd/link'), 'sub'),
    'a link for a file': () => replaceByLink(join(dir, 'd/file'), 'content'),
    'a new file': () => writeFileSync(join(dir, 'd/new'), ''),
    'a new empty directory': () => mkdirSync(join(dir, 'd/new')),
    'a file that is gone': () => rmSync(join(dir, 'd/sub/other')),
  };
  for (const [what, change] of Object.entries(moves))
    it(`is moved by ${what}`, async () => {
      const before = await copyKey();
      change();
      assert.notEqual(await copyKey(), before);
    });

  it('is moved by an extended attribute', async context => {
    const before = await copyKey();
    try {
      setXattr(join(dir, 'd/file'), 'user.note', Buffer.from('x'));
    } catch (error) {
      return context.skip(`no extended attributes here: ${codeOf(error)}`);
    }
    assert.notEqual(await copyKey(), before);
  });

  it('is not moved by times, nor by what is not copied', async () => {
    const before = await copyKey();
    utimesSync(join(dir, 'd/file'), 1, 1);
    utimesSync(join(dir, 'd'), 1, 1);
    lutimesSync(join(dir, 'd/link'), 1, 1);
    writeFileSync(join(dir, 'beside'), 'changed');
    assert.equal(await copyKey(), before);
  });

  it('is not moved by owners', { skip: process.getuid?.() === 0 ? false : 'only root gives files away' }, async () => {
    const before = await copyKey();
    const { chownSync } = await import('node:fs');
    chownSync(join(dir, 'd/file'), 1234, 1234);
    assert.equal(await copyKey(), before);
  });

  it('is not moved by files that are ignored or excluded', async () => {
    const ignoreFile = join(dir, '.dockerignore');
    writeFileSync(ignoreFile, 'd/*.log\n');
    const before = await copyKey('COPY d /d', { ignoreFile });
    const excluding = await copyKey('COPY --exclude=*.log d /d');
    writeFileSync(join(dir, 'd/x.log'), 'x');
    assert.equal(await copyKey('COPY d /d', { ignoreFile }), before);
    assert.equal(await copyKey('COPY --exclude=*.log d /d'), excluding);
    assert.notEqual(await copyKey(), before);
  });

  it('is not moved by ENV, ARG and USER that it does not name, but by WORKDIR', async () => {
    const plain = await copyKey();
    for (const line of ['ENV A=1', 'ARG B=2', 'USER 7', 'SHELL ["x"]'])
      assert.equal(await copyKey(`${line}\nCOPY d /d`), plain, line);
    assert.notEqual(await copyKey('WORKDIR /w\nCOPY d /d'), plain);
    assert.notEqual(await copyKey('WORKDIR /w\nCOPY d d'), await copyKey('WORKDIR /v\nCOPY d d'));
  });

  it('knows the destination, its flags, its heredocs, and the order of sources', async () => {
    const lines = ['COPY d /d', 'COPY d /e', 'COPY --chown=1 d /d', 'COPY --chmod=700 d /d', 'COPY --link d /d'];
    lines.push('COPY d beside /x/', 'COPY beside d /x/', 'COPY d /d/');
    lines.push('COPY <<A /x/\n1\nA', 'COPY <<A /x/\n2\nA', 'COPY <<B /x/\n1\nB', 'COPY <<A <<B /x/\n1\nA\nB');
    const keys = await Promise.all(lines.map(line => copyKey(line)));
    assert.equal(new Set(keys).size, keys.length);
  });

  it('of two names of one file is not that of two files', async () => {
    const twice = async (make: () => void): Promise<string> => {
      rmSync(join(dir, 'd/twin'), { force: true });
      make();
      return copyKey();
    };
    const linked = await twice(() => linkSync(join(dir, 'd/file'), join(dir, 'd/twin')));
    const copied = await twice(() => writeFileSync(join(dir, 'd/twin'), 'content'));
    assert.notEqual(linked, copied);
  });
});

describe('the key of a COPY from elsewhere', () => {
  const from = (stage: string, more = ''): Promise<string> =>
    keyOfLast('COPY', `FROM base AS a\n${stage}\nFROM scratch\n${more}COPY --from=a /f /f\n`);

  it("is moved by what decides the other stage's files, and by nothing else of it", async () => {
    const plain = await from('RUN one');
    assert.notEqual(await from('RUN two'), plain);
    assert.equal(await from('RUN one\nLABEL x=y\nCMD z'), plain);
    assert.equal(await from('ENV X=1\nRUN one').then(key => key === plain), false);
  });

  it('does not know how the stage is called or where it stands', async () => {
    const named = await keyOfLast('COPY', 'FROM base AS b\nRUN one\nFROM scratch\nCOPY --from=b /f /f\n');
    const numbered = await keyOfLast('COPY', 'FROM x\nFROM base\nRUN one\nFROM scratch\nCOPY --from=1 /f /f\n');
    assert.equal(named, await from('RUN one'));
    assert.equal(numbered, named);
  });

  it('of an image is that of its layers', async () => {
    const key = (layers: readonly string[]): Promise<string> =>
      keyOfLast('COPY', 'FROM scratch\nCOPY --from=img:1 /f /f\n', { images: { 'img:1': imageOf(layers) } });
    assert.equal(await key(['a']), await key(['a']));
    assert.notEqual(await key(['a']), await key(['b']));
  });

  it('of an address is that of what lies there', async () => {
    const key = (digest: string): Promise<string> =>
      keyOfLast('ADD', 'FROM scratch\nADD http://x.test/f /f\n', { digestDownload: () => Promise.resolve(digest) });
    assert.equal(await key('a'), await key('a'));
    assert.notEqual(await key('a'), await key('b'));
  });

  it('is made of fields with names, and no secret of the caller', async () => {
    const plan = await planOf('FROM base\nENV A=1\nRUN make\n', { buildArgs: { TOKEN: 'secret-token' } });
    const record = lastSteps(plan).at(-1)?.record;
    assert.equal(record?.kind, 'run');
    assert.ok(['argv', 'env', 'cwd', 'user', 'files', 'platform'].every(name => name in (record?.fields ?? {})));
    assert.ok(!JSON.stringify(record).includes('secret-token'));
  });
});
