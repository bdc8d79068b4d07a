import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from '@oclif/core/parser';
import Kaniko from '../src/commands/kaniko.js';
import { buildFlags } from '../src/flags/build-flags.js';
import type { FlagValues } from '../src/flags/flag-spec.js';
import { kanikoFlags, warmerFlags } from '../src/flags/kaniko-flags.js';
import { lastOnes } from '../src/flags/oclif-flags.js';
import { takeSwitchValues } from '../src/flags/switch-values.js';
import { type KanikoCall, kanikoCall } from '../src/kaniko/kaniko-call.js';
import { meaninglessFlags, refusedFlags, warmerNotes } from '../src/kaniko/notes.js';
import { buildCall } from '../src/options/build-options.js';

const existing = new Set(['/work/Here', '/work/Dockerfile.both']);
const env = { FROM_ENV: 'value', CI_TOKEN: 't' };

async function call(line: string, more: Readonly<Record<string, string>> = {}): Promise<KanikoCall> {
  const { argv, values } = takeSwitchValues(line.split(' ').filter(Boolean), kanikoFlags);
  const { flags } = await parse([...argv], { flags: Kaniko.flags, strict: true } as Parameters<typeof parse>[1]);
  const around = { env: { ...env, ...more }, cwd: '/work', exists: (path: string) => existing.has(path) };
  return kanikoCall({ ...lastOnes(flags as FlagValues, kanikoFlags), ...values }, around);
}

type Expected = Omit<Partial<KanikoCall>, 'flags'> & { readonly flags?: FlagValues };

const d = '-d h.lan/a:1';
const cached = (rest: string): Expected => ({ flags: { cache: [`registry,ref=${rest}`] } });
const git = (url: string): Expected => ({ context: `git+${url}`, flags: { file: 'Dockerfile' } });

/** Words of a command line, separated by blanks, and some of what they come to. */
const good: readonly (readonly [string, Expected])[] = [
  [
    d,
    {
      context: '/workspace/',
      flags: { file: '/workspace/Dockerfile', tag: ['h.lan/a:1'], push: true, cache: ['none'] },
      layerLayouts: [],
      env: {},
      every: { insecure: false, skipTlsVerify: false },
      notes: [],
      planOnly: false,
    },
  ],
  [`${d} --context src`, { context: 'src', flags: { file: '/work/src/Dockerfile' } }],
  [`${d} -c dir:///src/ --context-sub-path=/app/`, { context: '/src/app', flags: { file: '/src/app/Dockerfile' } }],
  [`${d} -c=dir:///src -f=Here`, { context: '/src', flags: { file: '/work/Here' } }],
  [`${d} -c dir:///src --dockerfile /x/Dockerfile`, { flags: { file: '/x/Dockerfile' } }],
  [`${d} -c tar://stdin`, { context: '-', flags: { file: 'Dockerfile' } }],
  [`${d} -c tar:///c.tar.gz --context-sub-path a/b`, { context: '/c.tar.gz', contextFolder: 'a/b' }],
  [`${d} -c https://x.lan/c.tar.gz`, { context: 'https://x.lan/c.tar.gz', flags: { file: 'Dockerfile' } }],
  [`${d} -c https://x.lan/c.tar.gz -f Dockerfile.both`, { flags: { file: '/work/Dockerfile.both' } }],
  [`${d} -c first -c src --cache-ttl 1h --cache-ttl 2h`, { context: 'src' }],
  [
    `${d} --target= --tar-path= --oci-layout-path= --digest-file= --cache-repo= --image-format= --image-name-with-digest-file=`,
    { flags: { tag: ['h.lan/a:1'], push: true, target: undefined, output: undefined }, nameFiles: [] },
  ],
  [`${d} -c git://x.lan/a.git`, git('https://x.lan/a.git?submodules=false')],
  [`${d} -c git://x.lan/a#refs/heads/b`, git('https://x.lan/a?ref=refs%2Fheads%2Fb&submodules=false')],
  [`${d} -c git://x.lan/a#refs/heads/b#0a1b2c3`, git('https://x.lan/a?commit=0a1b2c3&submodules=false')],
  [
    `${d} -c git://x.lan/a --git branch=b,recurse-submodules=true --context-sub-path c`,
    git('https://x.lan/a?ref=b&subdir=c&submodules=true'),
  ],
  [
    `${d} -c git://x.lan/a --git single-branch=1 --git depth=3 --git insecure-skip-tls=T`,
    { env: { GIT_SSL_NO_VERIFY: 'true' } },
  ],
  ['-d h.lan/a:1 --destination i.lan/b', { flags: { tag: ['h.lan/a:1', 'i.lan/b'], push: true } }],
  ['--no-push', { flags: { file: '/workspace/Dockerfile', cache: ['none'] } }],
  [`${d} --no-push --tar-path=a,b.tar`, { flags: { output: ['type=docker,"dest=a,b.tar"'], tag: ['h.lan/a:1'] } }],
  ['--no-push --tarPath=b.tar', { flags: { output: ['type=docker,dest=b.tar'] } }],
  ['--no-push --oci-layout-path=/l', { flags: { output: ['type=oci,tar=false,dest=/l'] } }],
  [`${d} --image-format oci`, { flags: { push: true } }],
  [
    `${d} --image-format docker --oci-layout-path=/l`,
    { flags: { output: ['type=oci,tar=false,oci-mediatypes=false,dest=/l', 'type=registry,oci-mediatypes=false'] } },
  ],
  [`${d} --digest-file /dev/termination-log`, { flags: { 'digest-file': '/dev/termination-log' } }],
  [
    `${d} --image-name-with-digest-file=/n --image-name-tag-with-digest-file=/t`,
    {
      destinations: ['h.lan/a:1'],
      nameFiles: [
        { flag: '--image-name-with-digest-file', file: '/n', tags: false },
        { flag: '--image-name-tag-with-digest-file', file: '/t', tags: true },
      ],
    },
  ],
  [
    `${d} --build-arg A=b=c --build-arg FROM_ENV --build-arg ABSENT`,
    { flags: { 'build-arg': ['A=b=c', 'FROM_ENV=value', 'ABSENT='] } },
  ],
  [`${d} --label a=b --label c=d`, { flags: { label: ['a=b', 'c=d'] } }],
  [`${d} --annotation a=b`, { flags: { annotation: ['manifest:a=b'] } }],
  [`${d} --target t`, { flags: { target: 't' } }],
  [`${d} --custom-platform=linux/arm64`, { flags: { platform: ['linux/arm64'] } }],
  [`${d} --customPlatform=linux/arm64`, { flags: { platform: ['linux/arm64'] } }],
  [`${d} --secret id=t,env=CI_TOKEN`, { flags: { secret: ['id=t,env=CI_TOKEN'] } }],
  [`${d} --single-snapshot`, { flags: { squash: true } }],
  [`${d} --compression zstd`, { flags: { compression: 'zstd' } }],
  [`${d} --compression-level=9`, { flags: { compression: 'gzip,level=9' } }],
  [`${d} --compression zstd --compression-level -1`, { flags: { compression: 'zstd' } }],
  [`${d} --reproducible`, { env: { SOURCE_DATE_EPOCH: '0' } }],
  [`${d} --cache=true`, { ...cached('h.lan/a/cache,mode=rw,ttl=1209600s'), layerLayouts: ['/cache'] }],
  [`${d} --cache=1 --cache-repo r.lan/c --cache-ttl=1h30m`, cached('r.lan/c,mode=rw,ttl=5400s')],
  [
    `${d} --cache --no-push-cache --cache-dir /warm`,
    { ...cached('h.lan/a/cache,mode=ro,ttl=1209600s'), layerLayouts: ['/warm'] },
  ],
  ['--cache --no-push --cache-repo r.lan/c', cached('r.lan/c,mode=rw,ttl=1209600s')],
  [`${d} --cache --cache-repo oci:/kept`, { flags: { cache: ['lmdb'], store: '/kept' } }],
  [`${d} --cache --cache-run-layers=false`, { flags: { cache: ['none'] }, layerLayouts: ['/cache'] }],
  [`${d} --kaniko-dir /k`, { flags: { store: '/k/varve' } }],
  [`${d} --insecure --cache --cache-repo r.lan/c`, { flags: { 'insecure-registry': ['h.lan', 'r.lan'] } }],
  [`${d} --insecure-registry x.lan:5000`, { flags: { 'insecure-registry': ['x.lan:5000'] } }],
  [`${d} --insecure-pull`, { every: { insecure: true, skipTlsVerify: false } }],
  [`${d} --skip-tls-verify`, { flags: { 'skip-tls-verify-registry': ['h.lan'] } }],
  [`${d} --skip-tls-verify-registry x.lan`, { flags: { 'skip-tls-verify-registry': ['x.lan'] } }],
  [`${d} --skip-tls-verify-pull`, { every: { insecure: false, skipTlsVerify: true } }],
  [`${d} --registry-certificate h.lan=/ca.crt`, { flags: { 'registry-certificate': ['h.lan=/ca.crt'] } }],
  [`${d} --registry-client-cert h.lan=/c,/k`, { flags: { 'registry-client-cert': ['h.lan=/c,/k'] } }],
  [
    `${d} --registry-mirror m.lan --registry-map q.io=a.lan;g.io=b.lan;c.lan --skip-default-registry-fallback`,
    {
      flags: {
        'registry-mirror': ['m.lan'],
        'registry-map': ['q.io=a.lan', 'g.io=b.lan;c.lan'],
        'skip-default-registry-fallback': true,
      },
    },
  ],
  [`${d} --verbosity error`, { flags: { progress: 'quiet' } }],
  [`${d} -v debug --log-format text`, { flags: { progress: 'plain' } }],
  [`${d} --log-format=json`, { flags: { progress: 'json' } }],
  ['--dryrun', { planOnly: true }],
  [`${d} --ignore-path /a/ --ignore-path=/b//*.log/../c --ignore-path /a`, { ignoredPaths: ['/a', '/b/c'], notes: [] }],
  [`${d} --ignore-var-run --ignore-path=/var/run`, { ignoredPaths: ['/var/run'], notes: [] }],
  [`${d} --ignore-var-run=false`, { ignoredPaths: [], notes: [] }],
  [`${d} --whitelist-var-run`, { ignoredPaths: ['/var/run'] }],
];

for (const [line, expected] of good)
  test(`varve kaniko ${line}`, async () => {
    const made = await call(line);
    const { flags, ...rest } = expected;
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(made[name as keyof KanikoCall], value, name);
    for (const [name, value] of Object.entries(flags ?? {})) assert.deepEqual(made.flags[name], value, name);
    const known = new Set(buildFlags.map(flag => flag.name));
    for (const name of Object.keys(made.flags)) assert.ok(known.has(name), name);
    // What comes out is a call of varve build.
    buildCall(made.flags, made.context, { env, cwd: '/work', defaultStore: '/store' });
  });

const bad: readonly (readonly [string, RegExp])[] = [
  ['', /--destination: it is missing/],
  [`${d} --ignore-path /x[`, /--ignore-path \/x\[: .*escaped/],
  [`${d} -b bucket`, /--bucket: .*cloud SDK/],
  [`${d} --push-ignore-immutable-tag-errors`, /--push-ignore-immutable-tag-errors/],
  [`${d} -c gs://b/c.tar.gz`, /--context gs:.*bucket is not supported/],
  [`${d} -c s3://b/c.tar.gz`, /bucket is not supported/],
  [`${d} -c ftp://b`, /--context ftp:.*begins with/],
  [`${d} -f https://x.lan/Dockerfile`, /--dockerfile https:.*not downloaded/],
  [`${d} --git branch`, /--git branch: =VALUE is missing/],
  [`${d} --git depth=all`, /--git depth=all: depth is a number/],
  [`${d} --git deep=1`, /--git deep=1: it is branch, depth/],
  [`${d} --git single-branch=no`, /single-branch is true or false/],
  [`${d} --cache-ttl 2weeks`, /--cache-ttl 2weeks: not a span/],
  ['--no-push --cache', /--cache: nothing says where it is/],
  ['--no-push --image-name-with-digest-file f', /there is no --destination/],
  [`${d} --digest-file https://x.lan/y`, /--digest-file: it is a file/],
  [`${d} --compression brotli`, /--compression brotli/],
  [`${d} --image-format x`, /--image-format x/],
  [`${d} --verbosity loud`, /--verbosity loud/],
  [`${d} --log-format xml`, /--log-format xml/],
];

for (const [line, message] of bad)
  test(`varve kaniko ${line} is refused`, async () => {
    await assert.rejects(call(line), { code: 'E_BAD_FLAGS', message });
  });

const kindOf = (name: string) => kanikoFlags.find(flag => flag.name === name)?.kind;
const offOnly = ['compressed-caching', 'skip-unused-stages'];

test('a flag that means nothing says so once, and changes nothing', async () => {
  const plain = await call(d);
  for (const name of meaninglessFlags) {
    const value = kindOf(name) === 'switch' ? (offOnly.includes(name) ? '=false' : '=true') : '=1';
    const { notes, ...rest } = await call(`${d} --${name}${value}`);
    assert.deepEqual({ ...rest, notes: [] }, plain);
    assert.equal(notes.filter(({ message }) => message.startsWith(`--${name} means nothing here: `)).length, 1, name);
  }
});

test('an ignored path that cannot be one says so', async () => {
  const made = await call(`${d} --ignore-path var/cache --ignore-path=/`);
  assert.deepEqual(made.ignoredPaths, []);
  assert.deepEqual(
    made.notes.map(({ message }) => message.replace(/ means nothing: .*/, '')),
    ['--ignore-path var/cache', '--ignore-path /'],
  );
});

test('old names say what to write now', async () => {
  for (const [old, now] of [
    ['customPlatform=linux/arm64', 'custom-platform'],
    ['snapshotMode=time', 'snapshot-mode'],
    ['tarPath=x', 'tar-path'],
    ['whitelist-var-run=false', 'ignore-var-run'],
  ] as const) {
    const [first] = (await call(`${d} --${old}`)).notes;
    assert.match(first?.message ?? '', /is deprecated$/);
    assert.equal(first?.hint, `write --${now}`);
  }
});

test('each flag of kaniko is in a case of this file', () => {
  const lines = [...good, ...bad].map(([line]) => line).join(' ');
  const chars = new Map(kanikoFlags.flatMap(({ char, name }) => (char === undefined ? [] : [[name, char] as const])));
  const missing = kanikoFlags.filter(
    ({ name }) =>
      !new RegExp(`--${name}(?![\\w-])`).test(lines) &&
      !lines.includes(`-${chars.get(name)} `) &&
      !meaninglessFlags.includes(name),
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(
    refusedFlags.filter(name => kindOf(name) === undefined),
    [],
  );
});

test('variables of kaniko count', async () => {
  const made = await call(`${d} -c git://x.lan/a`, {
    KANIKO_DIR: '/k',
    KANIKO_REGISTRY_MIRROR: 'm.lan',
    KANIKO_REGISTRY_MAP: 'q.io=n.lan',
    GIT_PULL_METHOD: 'http',
    SOURCE_DATE_EPOCH: '7',
  });
  assert.equal(made.context, 'git+http://x.lan/a?submodules=false');
  assert.equal(made.flags.store, '/k/varve');
  assert.deepEqual([made.flags['registry-mirror'], made.flags['registry-map']], [['m.lan'], ['q.io=n.lan']]);
  assert.deepEqual((await call(`${d} --reproducible`, { SOURCE_DATE_EPOCH: '7' })).env, { SOURCE_DATE_EPOCH: '7' });
});

test('KANIKO_NO_PUSH counts for more than the flag, as with kaniko', async () => {
  assert.equal((await call(d, { KANIKO_NO_PUSH: 'true' })).flags.push, undefined);
  assert.deepEqual((await call('', { KANIKO_NO_PUSH: '1' })).destinations, []);
  assert.equal((await call(`${d} --no-push`, { KANIKO_NO_PUSH: 'False' })).flags.push, true);
  await assert.rejects(call(d, { KANIKO_NO_PUSH: 'yes' }), { code: 'E_BAD_FLAGS', message: /KANIKO_NO_PUSH yes/ });
});

test('a fallback that has no mirror to fall back from is no mistake, as with kaniko', async () => {
  assert.equal(
    (await call(`${d} --skip-default-registry-fallback`)).flags['skip-default-registry-fallback'],
    undefined,
  );
});

test('the warmer says what means nothing to it', () => {
  const names = warmerFlags.map(({ name }) => name);
  const notes = warmerNotes({ force: true, 'cache-ttl': '1h', 'log-timestamp': true });
  assert.equal(notes.length, 3);
  for (const { message } of notes) assert.ok(names.some(name => message.startsWith(`--${name} `)));
});

test('the table of docs/migrating-from-kaniko.md has each flag, and says what becomes of it', () => {
  const page = readFileSync(new URL('../../../../docs/migrating-from-kaniko.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `--([\w-]+)` \| (.*) \|$/gm)].map(
    ([, name = '', text = '']) => [name, text] as const,
  );
  const names = [...new Set([...kanikoFlags, ...warmerFlags].map(({ name }) => name))];
  assert.deepEqual(rows.map(([name]) => name).sort(), names.sort());
  const saying = (start: RegExp) => rows.flatMap(([name, text]) => (start.test(text) ? [name] : [])).sort();
  const old = ['snapshotMode'];
  assert.deepEqual(saying(/^Means nothing[:;]/), meaninglessFlags.filter(name => !old.includes(name)).sort());
  assert.deepEqual(saying(/^Refused[:;]/), [...refusedFlags].sort());
});
