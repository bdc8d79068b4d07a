import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildOptions } from '@varve/engine';
import type { RegistrySettings } from '@varve/oci';
import type { BuildCall } from '../src/options/build-options.js';
import { parseBuild } from './parse-call.js';

type Expected = Partial<BuildOptions> & { readonly call?: Partial<BuildCall> };

const cache = (ref: string, mode: 'ro' | 'rw') => ({ id: 'registry', options: { ref, mode } });
const written = (ref: string) => ({ id: 'registry', options: { ref, mode: 'rw', complete: 'true' } });
const lmdb = { id: 'lmdb', options: {} };
const output = (type: string, attributes: Record<string, string>) => ({ outputs: [{ type, attributes }] });

const registries = (some: RegistrySettings): Expected => ({
  registries: { insecure: [], skipTlsVerify: [], mirrors: {}, certFiles: {}, ...some },
});

/** Words of a command line, separated by blanks, and what they come to. */
const good: readonly (readonly [string, Expected])[] = [
  [
    '',
    { context: '.', cwd: '/work', store: '/store', outputs: [], tags: [], push: false, noCache: false, pull: false },
  ],
  ['app', { context: 'app' }],
  ['-', { context: '-' }],
  ['-f - .', { file: '-', context: '.' }],
  ['-f a/Dockerfile', { file: 'a/Dockerfile' }],
  ['-fDockerfile.dev .', { file: 'Dockerfile.dev' }],
  ['--file=X --target=build', { file: 'X', target: 'build' }],
  ['-t a -t b:1 ctx', { tags: ['a', 'b:1'], context: 'ctx' }],
  ['-ta -tb', { tags: ['a', 'b'] }],
  ['--tag a ctx', { tags: ['a'], context: 'ctx' }],
  ['--build-arg A=1', { buildArgs: { A: '1' } }],
  ['--build-arg A', { buildArgs: { A: undefined } }],
  ['--build-arg A=', { buildArgs: { A: '' } }],
  ['--build-arg A=b=c --build-arg B=2', { buildArgs: { A: 'b=c', B: '2' } }],
  ['--build-arg A=1 --build-arg A=2', { buildArgs: { A: '2' } }],
  ['--build-arg=CFLAGS=-O2', { buildArgs: { CFLAGS: '-O2' } }],
  ['--build-arg A=1 ctx', { buildArgs: { A: '1' }, context: 'ctx' }],
  ['--build-context base=docker-image://alpine', { buildContexts: { base: 'docker-image://alpine' } }],
  ['--build-context a=x --build-context b=../y', { buildContexts: { a: 'x', b: '../y' } }],
  ['--platform linux/amd64', { platforms: ['linux/amd64'] }],
  ['--platform linux/amd64,linux/arm64/v8', { platforms: ['linux/amd64', 'linux/arm64/v8'] }],
  ['--platform linux/amd64 --platform linux/arm64', { platforms: ['linux/amd64', 'linux/arm64'] }],
  ['--label a=b --label c', { labels: { a: 'b', c: '' } }],
  ['--annotation a=b', { annotations: [{ on: 'manifest', name: 'a', value: 'b' }] }],
  ['--annotation manifest:a=b', { annotations: [{ on: 'manifest', name: 'a', value: 'b' }] }],
  ['--annotation org.x:y=b', { annotations: [{ on: 'manifest', name: 'org.x:y', value: 'b' }] }],
  [
    '--annotation index,manifest-descriptor[linux/arm64/v8]:a=b:c',
    {
      annotations: [
        { on: 'index', name: 'a', value: 'b:c' },
        { on: 'manifest-descriptor', platform: 'linux/arm64/v8', name: 'a', value: 'b:c' },
      ],
    },
  ],
  [
    '--digest-file d -t a --push --image-name-with-digest-file n',
    { call: { digestFiles: { digest: 'd', names: 'n' } } },
  ],
  ['--secret id=a,src=f', { secrets: [{ id: 'a', from: { kind: 'file', path: 'f' } }] }],
  ['--secret type=file,id=a,source=f', { secrets: [{ id: 'a', from: { kind: 'file', path: 'f' } }] }],
  ['--secret id=a,env=TOKEN', { secrets: [{ id: 'a', from: { kind: 'env', name: 'TOKEN' } }] }],
  ['--secret id=SET', { secrets: [{ id: 'SET', from: { kind: 'env', name: 'SET' } }] }],
  ['--secret id=unset', { secrets: [{ id: 'unset', from: { kind: 'file', path: 'unset' } }] }],
  ['--secret type=env,id=a', { secrets: [{ id: 'a', from: { kind: 'env', name: 'a' } }] }],
  ['--secret type=env,id=a,src=TOKEN', { secrets: [{ id: 'a', from: { kind: 'env', name: 'TOKEN' } }] }],
  ['--ssh default', { ssh: [{ id: 'default' }] }],
  ['--ssh git=/run/agent', { ssh: [{ id: 'git', sock: '/run/agent' }] }],
  ['--no-cache --pull', { noCache: true, pull: true }],
  ['--no-cache=false --pull=true', { noCache: false, pull: true }],
  ['--push -t a', { push: true, tags: ['a'] }],
  ['--push=false', { push: false }],
  ['-o out', output('local', { dest: 'out' })],
  ['-o=out', output('local', { dest: 'out' })],
  ['-o type=local,dest=out', output('local', { dest: 'out' })],
  ['-o type=oci,dest=x.tar', output('oci', { dest: 'x.tar' })],
  ['-o type=oci,"dest=a,b.tar"', output('oci', { dest: 'a,b.tar' })],
  ['-o TYPE=oci,Dest=x', output('oci', { dest: 'x' })],
  ['-o type=registry,name=h/n', output('registry', { name: 'h/n' })],
  ['-o type=image,push=true,name=h/n', output('registry', { name: 'h/n' })],
  [
    '-o type=image,name=h/n,push-by-digest=true,name-canonical=true,push=1',
    output('registry', { name: 'h/n', 'push-by-digest': 'true', 'name-canonical': 'true' }),
  ],
  ['-o type=docker,dest=x.tar', output('docker', { dest: 'x.tar' })],
  ['-o -', { ...output('tar', { dest: '-' }), call: { toStdout: true } }],
  ['-o type=oci,dest=-', { ...output('oci', { dest: '-' }), call: { toStdout: true } }],
  ['-o type=x-mine,Annotation.Org.X=b', output('x-mine', { 'annotation.Org.X': 'b' })],
  ['--snapshot mine,maxSize=3', { snapshotter: { id: 'mine', options: { maxSize: '3' } } }],
  ['-o type=x-mine,a=b', output('x-mine', { a: 'b' })],
  [
    '-o a -o type=oci,dest=b',
    {
      outputs: [
        { type: 'local', attributes: { dest: 'a' } },
        { type: 'oci', attributes: { dest: 'b' } },
      ],
    },
  ],
  ['--load', { outputs: [], call: { load: { type: 'docker', attributes: {} }, toStdout: false } }],
  ['-o type=docker', { outputs: [], call: { load: { type: 'docker', attributes: {} } } }],
  ['-o type=docker,name=n --load', { outputs: [], call: { load: { type: 'docker', attributes: { name: 'n' } } } }],
  ['--compression gzip,level=9', { compression: { id: 'gzip', options: { level: '9' } } }],
  ['--compression none', { compression: { id: 'none', options: {} } }],
  ['--snapshot full,verify=all', { snapshotter: { id: 'full', options: { verify: 'all' } } }],
  ['--executor namespaces', { executor: { id: 'namespaces', options: {} } }],
  ['--cache lmdb', { caches: [lmdb] }],
  ['--cache none', { caches: [] }],
  ['--cache lmdb --cache registry,ref=h/c,mode=ro', { caches: [lmdb, cache('h/c', 'ro')] }],
  ['--cache-from type=registry,ref=h/c', { caches: [lmdb, cache('h/c', 'ro')] }],
  ['--cache-from h/c:tag', { caches: [lmdb, cache('h/c:tag', 'ro')] }],
  ['--cache-to type=registry,ref=h/c,mode=max', { caches: [lmdb, written('h/c')] }],
  ['--cache-from h/c --cache-to type=registry,ref=h/c', { caches: [lmdb, written('h/c')] }],
  ['--cache-from h/a --cache-to h/b', { caches: [lmdb, cache('h/a', 'ro'), written('h/b')] }],
  ['--cache lmdb,max=1 --cache-from h/a', { caches: [{ id: 'lmdb', options: { max: '1' } }, cache('h/a', 'ro')] }],
  [
    '--cache-to type=registry,ref=h/c,image-manifest=true,oci-mediatypes=true,ignore-error=true',
    { caches: [lmdb, written('h/c')] },
  ],
  ['--allow network.host --allow security.insecure', { allow: ['network.host', 'security.insecure'] }],
  ['--network none', { network: 'none' }],
  ['--add-host db:10.0.0.1', { addHosts: ['db:10.0.0.1'] }],
  ['--add-host db=10.0.0.1', { addHosts: ['db:10.0.0.1'] }],
  ['--add-host v6:::1', { addHosts: ['v6:::1'] }],
  ['--add-host v6=[fe80::1]', { addHosts: ['v6:fe80::1'] }],
  ['--shm-size 64m', { shmSize: 67108864 }],
  ['--shm-size 1.5GiB', { shmSize: 1610612736 }],
  ['--shm-size 4096', { shmSize: 4096 }],
  ['--ulimit nofile=1024', { ulimits: ['nofile=1024:1024'] }],
  ['--ulimit nofile=1024:-1 --ulimit core=0', { ulimits: ['nofile=1024:-1', 'core=0:0'] }],
  [
    '--plugin ./mine.js,level=3 --plugin other',
    {
      plugins: [
        { module: './mine.js', options: { level: '3' } },
        { module: 'other', options: {} },
      ],
    },
  ],
  ['--insecure-registry h:5000', registries({ insecure: ['h:5000'] })],
  [
    '--skip-tls-verify-registry H.lan --skip-tls-verify-registry [::1]:5000',
    registries({ skipTlsVerify: ['h.lan', '[::1]:5000'] }),
  ],
  [
    '--registry-mirror m.lan:5000/hub/ --registry-mirror http://n.lan --registry-map docker.io=o.lan --registry-map q.io=a.lan;https://b.lan/q',
    registries({
      mirrors: { 'docker.io': ['m.lan:5000/hub', 'http://n.lan', 'o.lan'], 'q.io': ['a.lan', 'https://b.lan/q'] },
    }),
  ],
  [
    '--registry-map q.io=a.lan --skip-default-registry-fallback',
    registries({ mirrors: { 'q.io': ['a.lan'] }, mirrorFallback: false }),
  ],
  [
    '--registry-certificate h:5000=ca.crt --registry-certificate h:5000=/etc/b.crt --registry-client-cert h:5000=me.cert,/k/me.key',
    registries({
      certFiles: { 'h:5000': { ca: ['/work/ca.crt', '/etc/b.crt'], cert: '/work/me.cert', key: '/k/me.key' } },
    }),
  ],
  ['--jobs 4', { jobs: 4 }],
  ['-j1', { jobs: 1 }],
  ['--store s', { store: 's' }],
  ['--metadata-file m --iidfile i', { metadataFile: 'm', iidFile: 'i' }],
  ['--progress plain', { call: { progress: 'plain' } }],
  ['-q', { call: { progress: 'quiet' } }],
  ['-q --progress quiet', { call: { progress: 'quiet' } }],
  ['-- -odd', { context: '-odd' }],
];

for (const [line, { call = {}, ...options }] of good) {
  test(`varve build ${line}`, async () => {
    const parsed = await parseBuild(line === '' ? [] : line.split(' '), { SET: 'x' });
    for (const [key, value] of Object.entries(options)) {
      assert.deepEqual(parsed.options[key as keyof BuildOptions], value, key);
    }
    for (const [key, value] of Object.entries(call)) assert.deepEqual(parsed[key as keyof BuildCall], value, key);
  });
}

/** Words that are refused, the code, and a part of what is said. */
const bad: readonly (readonly [string, string, RegExp])[] = [
  ['--bild-arg A=1', 'E_NO_SUCH_FLAG', /no flag --bild-arg/],
  ['--no-chache', 'E_NO_SUCH_FLAG', /no flag --no-chache/],
  ['--secrt=id=x,src=/very/secret', 'E_NO_SUCH_FLAG', /^there is no flag --secrt$/],
  ['-Z', 'E_NO_SUCH_FLAG', /-Z/],
  ['a b', 'E_USAGE', /one argument too many: b/],
  ['--target', 'E_USAGE', /--target expects a value/],
  ['--target --push', 'E_USAGE', /--target expects a value/],
  ['--target a --target b', 'E_USAGE', /--target can only be specified once/],
  ['--push=maybe', 'E_BAD_FLAGS', /--push=maybe: a switch is true or false/],
  ['--push', 'E_BAD_FLAGS', /--push: there is no name to push to/],
  ['--build-arg =1', 'E_BAD_FLAGS', /--build-arg =1: the name is missing/],
  ['--build-context base', 'E_BAD_FLAGS', /=VALUE is missing/],
  ['--annotation a', 'E_BAD_FLAGS', /=VALUE is missing/],
  ['--annotation index:a', 'E_BAD_FLAGS', /=VALUE is missing/],
  ['--annotation index[linux/amd64]:a=b', 'E_BAD_FLAGS', /an index is of no platform/],
  ['--annotation manifest[]:a=b', 'E_BAD_FLAGS', /an empty platform/],
  ['--image-name-with-digest-file n', 'E_BAD_FLAGS', /nothing is pushed; add --push/],
  ['--insecure-registry a/b', 'E_BAD_FLAGS', /a\/b is not of the form HOST\[:PORT\]/],
  ['--registry-mirror =', 'E_BAD_FLAGS', /not of the form HOST/],
  ['--registry-map q.io', 'E_BAD_FLAGS', /=VALUE is missing/],
  ['--registry-map q.io=a;', 'E_BAD_FLAGS', /an empty text is not of the form HOST/],
  ['--skip-default-registry-fallback', 'E_BAD_FLAGS', /there is no mirror/],
  ['--registry-certificate h=', 'E_BAD_FLAGS', /the file is missing/],
  ['--registry-client-cert h=me.cert', 'E_BAD_FLAGS', /a certificate and its key are two files/],
  ['--platform linux/', 'E_BAD_FLAGS', /not of the form OS\/ARCH/],
  ['--platform linux/amd64,', 'E_BAD_FLAGS', /an empty platform/],
  ['--secret src=f', 'E_BAD_FLAGS', /id= is missing/],
  ['--secret id=a,scr=f', 'E_BAD_FLAGS', /there is no scr=; did you mean src/],
  ['--secret id=a,src=f,env=E', 'E_BAD_FLAGS', /exclude each other/],
  ['--secret id=a,type=vault', 'E_BAD_FLAGS', /neither file nor env/],
  ['--secret a', 'E_BAD_FLAGS', /not of the form key=value/],
  ['--ssh default=a,b', 'E_BAD_FLAGS', /several key files/],
  ['-o type=local', 'E_BAD_FLAGS', /dest= is missing/],
  ['-o dest=x', 'E_BAD_FLAGS', /type= is missing/],
  ['-o type=oci,dest', 'E_BAD_FLAGS', /dest is not of the form key=value/],
  ['-o type=oci,dest=a,dest=b', 'E_BAD_FLAGS', /dest is given twice/],
  ['-o type=oci,"dest=a', 'E_BAD_FLAGS', /a quote is not closed/],
  ['-o type=oci,de"st=a', 'E_BAD_FLAGS', /a quote may only stand around a whole field/],
  ['-o type=image,name=x', 'E_BAD_FLAGS', /without push=true/],
  ['-o - -o type=oci,dest=-', 'E_BAD_FLAGS', /only one output can go to standard output/],
  ['--compression level=9', 'E_BAD_FLAGS', /the name comes first/],
  ['--compression gzip,level', 'E_BAD_FLAGS', /level is not of the form/],
  ['--cache none --cache lmdb', 'E_BAD_FLAGS', /stands alone/],
  ['--cache-from type=gha', 'E_BAD_FLAGS', /type=gha is not supported; .*ghcr\.io/],
  ['--cache-to type=local,dest=cache', 'E_BAD_FLAGS', /type=local is not supported; .*--store/],
  ['--cache-to type=inline', 'E_BAD_FLAGS', /type=inline is not supported; .*type=registry/],
  ['--cache-to type=s3,bucket=b', 'E_BAD_FLAGS', /type=s3 is not supported; only type=registry/],
  ['--cache-from type=registry', 'E_BAD_FLAGS', /ref= is missing/],
  ['--cache-from type=registry,ref=a,mode=max', 'E_BAD_FLAGS', /there is no mode=/],
  ['--cache-to type=registry,ref=a,mode=min', 'E_BAD_FLAGS', /mode=min is not supported/],
  ['--allow network', 'E_BAD_FLAGS', /one of network\.host/],
  ['--allow security.insecur', 'E_BAD_FLAGS', /did you mean security\.insecure/],
  ['--network bridge', 'E_BAD_FLAGS', /one of default, none, host/],
  ['--add-host db', 'E_BAD_FLAGS', /not of the form NAME:IP/],
  ['--add-host db:host-gateway', 'E_BAD_FLAGS', /host-gateway is not supported/],
  ['--add-host db:10.0.0.300', 'E_BAD_FLAGS', /10\.0\.0\.300 is not an IP address/],
  ['--shm-size big', 'E_BAD_FLAGS', /not a size/],
  ['--shm-size 0', 'E_BAD_FLAGS', /more than 0/],
  ['--ulimit nofil=1', 'E_BAD_FLAGS', /no limit nofil; did you mean nofile/],
  ['--ulimit nofile=9:1', 'E_BAD_FLAGS', /soft limit is above/],
  ['--jobs 0', 'E_BAD_FLAGS', /whole number from 1/],
  ['--progress rawjson', 'E_BAD_FLAGS', /one of auto, tty, plain, json, quiet/],
  ['--progress plan', 'E_BAD_FLAGS', /did you mean plain/],
  ['-q --progress tty', 'E_BAD_FLAGS', /--quiet says otherwise/],
  ['--plugin level=3', 'E_BAD_FLAGS', /the module comes first/],
];

for (const [line, code, said] of bad) {
  test(`varve build ${line} is refused`, async () => {
    await assert.rejects(parseBuild(line.split(' ')), (error: Error & { code?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, said);
      return true;
    });
  });
}

test('the tables are as large as they should be', () => {
  assert.ok(good.length >= 60, `${good.length} rows`);
  assert.ok(bad.length >= 40, `${bad.length} rows`);
});

test('everything that is wrong is said at once', async () => {
  const line = '--platform linux/ --shm-size x --build-arg =1 --jobs 0';
  await assert.rejects(parseBuild(line.split(' ')), (error: Error & { problems?: readonly string[] }) => {
    assert.equal(error.message, '4 flags have values that do not fit');
    assert.equal(error.problems?.length, 4);
    return true;
  });
});

test('the value of a secret flag that is misspelt is not repeated', async () => {
  await assert.rejects(parseBuild(['--secrets=id=x,src=/very/secret']), (error: Error & { hint?: string }) => {
    assert.doesNotMatch(error.message + error.hint, /very/);
    assert.equal(error.hint, 'did you mean --secret?');
    return true;
  });
});

test('SOURCE_DATE_EPOCH and the rest of the environment reach the engine', async () => {
  const { options } = await parseBuild([], { SOURCE_DATE_EPOCH: '0' });
  assert.equal(options.env.SOURCE_DATE_EPOCH, '0');
});
