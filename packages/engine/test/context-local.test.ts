import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chunksOf, findProgram, runProgram } from '@varve/oci/testing';
import { httpSource } from '../src/context/http.js';
import { contextProviders } from '../src/context/index.js';
import { localSource } from '../src/context/local.js';
import { stdinSource } from '../src/context/stdin.js';
import type { ContextRequest } from '../src/plugin/context.js';

const root = mkdtempSync(join(tmpdir(), 'varve-context-'));
const signal = AbortSignal.timeout(60_000);
const source = join(root, 'src');
let count = 0;

function request(reference: string, stdin?: Uint8Array): ContextRequest {
  const scratchDir = join(root, `scratch-${count++}`);
  mkdirSync(scratchDir);
  return { reference, cwd: root, scratchDir, ...(stdin === undefined ? {} : { stdin: chunksOf(stdin, 100) }) };
}

async function tarOf(flags: string, name: string): Promise<string> {
  const file = join(root, name);
  const { code, stderr } = await runProgram(['tar', flags, file, '-C', source, '.']);
  assert.equal(code, 0, stderr);
  return file;
}

before(() => {
  mkdirSync(join(source, 'sub'), { recursive: true });
  writeFileSync(join(source, 'Dockerfile'), 'FROM scratch\n');
  writeFileSync(join(source, 'sub/tool'), 'tool', { mode: 0o750 });
  symlinkSync('sub/tool', join(source, 'link'));
});
after(() => rmSync(root, { recursive: true, force: true }));

function assertIsSource(dir: string): void {
  assert.deepEqual(readdirSync(dir).sort(), ['Dockerfile', 'link', 'sub']);
  assert.equal(readFileSync(join(dir, 'link'), 'utf8'), 'tool');
  assert.ok(lstatSync(join(dir, 'link')).isSymbolicLink());
  assert.equal(lstatSync(join(dir, 'sub/tool')).mode & 0o777, 0o750);
}

describe('local contexts', () => {
  it('are folders as they are, by their real path', async () => {
    symlinkSync('src', join(root, 'alias'));
    const opened = await localSource.open(request('alias'), signal);
    assert.equal(opened.dir, source);
    assert.equal(opened.description, 'alias');
  });

  const programs: Readonly<Record<string, string>> = { '-cf': 'tar', '-czf': 'gzip', '-cjf': 'bzip2', '-cJf': 'xz' };
  for (const [flags, program] of Object.entries(programs))
    it(`are tars, told by content: ${program}`, { skip: !findProgram(program) }, async () => {
      const file = await tarOf(flags, `context-${program}.bin`);
      assertIsSource((await localSource.open(request(file), signal)).dir);
    });

  it('are tars in zstd, where that program is installed', { skip: !findProgram('zstd') }, async () => {
    const file = await tarOf('-cf', 'plain.tar');
    await runProgram(['zstd', '-q', file]);
    assertIsSource((await localSource.open(request(`${file}.zst`), signal)).dir);
  });

  it('that are not there are answered with the nearest name', async () => {
    await assert.rejects(localSource.open(request('srx'), signal), {
      code: 'E_CONTEXT_NOT_FOUND',
      hint: 'did you mean src?',
    });
  });

  it('that are other files are refused, with the way to say it', async () => {
    await assert.rejects(localSource.open(request('src/Dockerfile'), signal), {
      code: 'E_CONTEXT_INVALID',
      hint: /varve build -f src\/Dockerfile FOLDER/,
    });
  });

  it('that are cut off are refused', async () => {
    const file = await tarOf('-czf', 'whole.tgz');
    writeFileSync(join(root, 'cut.tgz'), readFileSync(file).subarray(0, 150));
    await assert.rejects(localSource.open(request('cut.tgz'), signal), { code: 'E_CONTEXT_INVALID' });
  });

  it('never leave their folder', async () => {
    const evil = join(root, 'evil.tar');
    const made = await runProgram([
      'tar',
      '-cPf',
      evil,
      '--transform',
      's,^Dockerfile,../../escaped,',
      '-C',
      source,
      'Dockerfile',
    ]);
    assert.equal(made.code, 0, made.stderr);
    await assert.rejects(localSource.open(request('evil.tar'), signal), { code: 'E_CONTEXT_INVALID' });
    assert.ok(!existsSync(join(root, 'escaped')));
  });
});

describe('contexts from standard input', () => {
  it('are tars', async () => {
    const file = await tarOf('-czf', 'stdin.tgz');
    assertIsSource((await stdinSource.open(request('-', readFileSync(file)), signal)).dir);
  });

  it('are a Dockerfile alone, with nothing beside it', async () => {
    const opened = await stdinSource.open(request('-', Buffer.from('FROM scratch\n')), signal);
    assert.deepEqual(readdirSync(opened.dir), []);
    assert.equal(readFileSync(opened.dockerfile ?? '', 'utf8'), 'FROM scratch\n');
  });

  it('are refused where they are empty or neither of both', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('MZ\0\0binary')])
      await assert.rejects(stdinSource.open(request('-', bytes), signal), { code: 'E_CONTEXT_INVALID' });
  });
});

describe('contexts by http', () => {
  let server: Server;
  let base: string;
  before(async () => {
    const file = await tarOf('-czf', 'http.tgz');
    server = createServer(({ url }, response) => {
      if (url?.startsWith('/context')) response.end(readFileSync(file));
      else if (url === '/Dockerfile') response.end('FROM scratch\n');
      else response.writeHead(404).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => new Promise(resolve => server.close(resolve)));
  const http = httpSource({});

  it('are tars or Dockerfiles', async () => {
    const opened = await http.open(request(`${base}/context?token=hush`), signal);
    assertIsSource(opened.dir);
    assert.equal(opened.description, `${base}/context`);
    assert.ok((await http.open(request(`${base}/Dockerfile`), signal)).dockerfile);
  });

  it('that are not there are named without what is secret', async () => {
    await assert.rejects(http.open(request(`${base.replace('//', '//me:hush@')}/none?token=hush`), signal), {
      code: 'E_CONTEXT_NOT_FOUND',
      message: `there is no context at ${base}/none`,
    });
  });
});

describe('the choice of a context', () => {
  it('goes by the form of the reference', async () => {
    const warn = (): void => undefined;
    const host = { has: () => Promise.resolve({ usable: true } as const) };
    const chosen = async (reference: string): Promise<string> => {
      for (const provider of [...contextProviders].sort((a, b) => b.rank - a.rank)) {
        assert.ok(provider.slot === 'context');
        const opened = await provider.create({ stateDir: root, host, env: {}, warn });
        if (opened.accepts(reference)) return provider.id;
      }
      return 'none';
    };
    const expected: Readonly<Record<string, string>> = {
      '-': 'stdin',
      '.': 'dir',
      'a.tar.gz': 'dir',
      'https://host/a.tar.gz': 'http',
      'https://host/a.git#main': 'git',
      'git@host:a.git': 'git',
    };
    for (const [reference, id] of Object.entries(expected)) assert.equal(await chosen(reference), id, reference);
  });
});
