import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../rig/repository.js';

interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly description?: string;
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

const read = (path: string): Manifest => JSON.parse(readFileSync(inRepository(path), 'utf8')) as Manifest;
const folders = readdirSync(inRepository('packages')).filter(name =>
  existsSync(inRepository('packages', name, 'package.json')),
);
const packages = folders.map(folder => ({
  folder: `packages/${folder}`,
  manifest: read(`packages/${folder}/package.json`),
}));
const version = (JSON.parse(readFileSync(inRepository('lerna.json'), 'utf8')) as { version: string }).version;

for (const { folder, manifest } of packages) {
  test(`${folder}/package.json agrees with the others`, () => {
    assert.equal(manifest.name, folder === 'packages/cli' ? 'varve' : `@varve/${folder.slice('packages/'.length)}`);
    assert.equal(manifest.version, version);
    assert.equal(manifest.license, 'Apache-2.0');
    assert.equal(manifest.type, 'module');
    assert.equal(manifest.engines?.node, '>=20.19');
    assert.notEqual(manifest.description ?? '', '');
    assert.notEqual(manifest.private, true);
    assert.ok(manifest.files?.includes('dist/src'));
  });

  test(`${folder} exports built files and nothing else`, () => {
    assert.ok(manifest.exports?.['.']);
    for (const [name, target] of Object.entries(manifest.exports)) {
      assert.deepEqual(Object.keys(target), ['types', 'default'], name);
      for (const file of Object.values(target)) {
        assert.match(file, /^\.\/dist\/src\/[\w/-]+\.(d\.ts|js)$/);
        const source = file.replace('./dist/', '').replace(/\.(d\.ts|js)$/, '.ts');
        assert.ok(existsSync(inRepository(folder, source)), `${name}: ${folder}/${source} is missing`);
      }
    }
    for (const file of Object.values(manifest.bin ?? {})) assert.ok(existsSync(inRepository(folder, file)), file);
  });

  test(`${folder} refers to the projects that it depends on`, () => {
    const config = JSON.parse(readFileSync(inRepository(folder, 'tsconfig.json'), 'utf8')) as {
      references?: { path: string }[];
    };
    const referred = (config.references ?? []).map(({ path }) => `@varve/${path.slice('../'.length)}`).sort();
    const needed = Object.keys(manifest.dependencies ?? {}).filter(name => name.startsWith('@varve/'));
    assert.deepEqual(referred, needed.sort());
  });
}

test('every dependency is pinned to one version', () => {
  const manifests = [
    ...packages.map(({ manifest }) => manifest),
    read('package.json'),
    read('benchmarks/package.json'),
    read('test/package.json'),
  ];
  const loose = manifests.flatMap(({ name, dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter(([, wanted]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted))
      .map(([dependency, wanted]) => `${name}: ${dependency} ${wanted}`),
  );
  assert.deepEqual(loose, []);
});

test('one dependency has one version everywhere', () => {
  const seen = new Map<string, Set<string>>();
  for (const { manifest } of packages) {
    for (const [dependency, wanted] of Object.entries(manifest.dependencies ?? {})) {
      seen.set(dependency, (seen.get(dependency) ?? new Set()).add(wanted));
    }
  }
  assert.deepEqual(
    [...seen].filter(([, versions]) => versions.size > 1).map(([dependency]) => dependency),
    [],
  );
});

interface Locked {
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const lock = JSON.parse(readFileSync(inRepository('package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const installed = Object.entries(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);

test('the lock file names no host, and every package by its digest', () => {
  assert.ok(installed.length > 100);
  assert.deepEqual(
    installed.filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
  assert.deepEqual(
    installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')),
    [],
  );
});

test('which install scripts may run is said of each that there is', () => {
  const { allowScripts } = read('package.json');
  const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = new Set(scripts.map(([path]) => path.replace(/^.*node_modules\//, '')));
  assert.deepEqual(Object.keys(allowScripts ?? {}).sort(), [...names].sort());
});

test('the lock file is there and agrees on the packages', () => {
  for (const { folder, manifest } of packages) {
    assert.equal(lock.packages[folder]?.version, version, folder);
    assert.deepEqual(lock.packages[folder]?.dependencies ?? {}, manifest.dependencies ?? {}, folder);
  }
});
