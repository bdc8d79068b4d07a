import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../rig/repository.js';
import { cyclesOf } from './cycles.js';
import { engineFolders } from './engine-folders.js';
import { type Import, readSources, type Source } from './sources.js';

const plugin = ['@varve/engine/plugin', '@varve/engine/kit'] as const;

/** What the sources of a package may import of the others; tests may import `@varve/engine/testing` besides. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  dockerfile: [],
  oci: [],
  engine: ['@varve/dockerfile', '@varve/oci'],
  'plugin-snapshot-full': plugin,
  'plugin-snapshot-overlay': plugin,
  'plugin-snapshot-mtime': plugin,
  'plugin-cache-lmdb': plugin,
  'plugin-cache-registry': [...plugin, '@varve/oci'],
  'plugin-compress-zstd': plugin,
};

const sources = readSources();

test('packages import in one direction: dockerfile, oci ← engine ← plugins ← cli', () => {
  const wrong = inPackages(({ name, isTest, found }) => {
    if (!found.specifier.startsWith('@varve/') && found.specifier !== 'varve') return false;
    const list = allowed[name];
    if (list === undefined) return name !== 'cli';
    const forTests = isTest ? ['@varve/engine/testing', '@varve/oci/testing', `@varve/${name}`] : [];
    return ![...list, ...forTests].includes(found.specifier);
  });
  assert.deepEqual(wrong, []);
});

test('nobody reaches into another package by path', () => {
  const wrong = inPackages(({ name, found }) =>
    found.target === undefined ? false : !found.target.startsWith(`packages/${name}/`),
  );
  assert.deepEqual(wrong, []);
});

test('sources import no tests', () => {
  const wrong = inPackages(
    ({ name, isTest, found }) => !isTest && found.target?.startsWith(`packages/${name}/test/`) === true,
  );
  assert.deepEqual(wrong, []);
});

test('every package that is imported is declared, exactly', () => {
  const wrong = inPackages(({ name, isTest, found }) => {
    if (found.target !== undefined || found.specifier.startsWith('node:') || found.specifier.startsWith('#'))
      return false;
    const wanted = found.specifier
      .split('/')
      .slice(0, found.specifier.startsWith('@') ? 2 : 1)
      .join('/');
    const own = manifest(`packages/${name}/package.json`);
    if (wanted === own.name) return !isTest;
    const types = `@types/${wanted}`;
    const root = manifest('package.json').devDependencies ?? {};
    const declared = { ...own.dependencies, ...own.optionalDependencies, ...own.peerDependencies };
    return !(
      wanted in declared ||
      (isTest && (wanted in root || wanted in (own.devDependencies ?? {}))) ||
      types in declared
    );
  });
  assert.deepEqual(wrong, []);
});

test('no file imports itself by way of others, types included', () => {
  const edges = new Map(
    sources.map(source => [
      source.path,
      source.imports.flatMap(({ target }) => (target === undefined ? [] : [target])),
    ]),
  );
  assert.deepEqual(cyclesOf(edges), []);
});

test('relative imports mean files that exist', () => {
  const known = new Set(sources.map(source => source.path));
  const wrong = each(({ found }) => found.target?.endsWith('.ts') === true && !known.has(found.target));
  assert.deepEqual(wrong, []);
});

test('folders of the engine import what the map of the engine says', () => {
  const wrong = each(({ source, found }) => {
    const from = engineFolder(source.path);
    const to = found.target === undefined ? undefined : engineFolder(found.target);
    if (from === undefined || to === undefined || from === to) return false;
    const list = engineFolders[from];
    return list === undefined || !(list === 'everything' || list.includes(to));
  });
  assert.deepEqual(wrong, []);
});

test('folders of the engine do not import each other in circles', () => {
  const edges = new Map<string, string[]>();
  for (const { path, imports } of sources) {
    const from = engineFolder(path);
    if (from === undefined) continue;
    const to = imports.flatMap(({ target }) => (target === undefined ? [] : (engineFolder(target) ?? [])));
    edges.set(from, [...(edges.get(from) ?? []), ...to.filter(folder => folder !== from)]);
  }
  assert.deepEqual(cyclesOf(edges), []);
});

test('the cycle finder finds', () => {
  const edges = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', ['d']],
    ['e', ['a']],
  ]);
  assert.deepEqual(cyclesOf(edges), [['d'], ['a', 'b', 'c']]);
});

interface Found {
  readonly source: Source;
  readonly found: Import;
}

interface FoundInPackage extends Found {
  readonly name: string;
  readonly isTest: boolean;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(inRepository(path), 'utf8')) as Manifest;
}

function each(isWrong: (about: Found) => boolean): string[] {
  return sources.flatMap(source =>
    source.imports
      .filter(found => isWrong({ source, found }))
      .map(found => `${source.path}:${found.line} imports ${found.specifier}`),
  );
}

function inPackages(isWrong: (about: FoundInPackage) => boolean): string[] {
  return each(({ source, found }) => {
    const [, name, part] = /^packages\/([^/]+)\/(src|test)\//.exec(source.path) ?? [];
    return name !== undefined && isWrong({ source, found, name, isTest: part === 'test' });
  });
}

/** The folder of a source of the engine: `model`, or `.` for files directly in src. */
function engineFolder(path: string): string | undefined {
  const inside = /^packages\/engine\/src\/(.*)$/.exec(path)?.[1];
  if (inside === undefined) return undefined;
  return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : '.';
}
