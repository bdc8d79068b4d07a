import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../src/commands/index.js';
import { buildFlags, planFlags } from '../src/flags/build-flags.js';
import type { FlagSpec } from '../src/flags/flag-spec.js';
import { kanikoFlags, warmerFlags } from '../src/flags/kaniko-flags.js';
import { loginFlags, logoutFlags } from '../src/flags/login-flags.js';
import {
  benchSnapshotFlags,
  cacheLsFlags,
  cacheMountsFlags,
  cachePruneFlags,
  diffFlags,
  doctorFlags,
  pluginListFlags,
  versionFlags,
} from '../src/flags/other-flags.js';
import { pullFlags, pushFlags } from '../src/flags/transfer-flags.js';

const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');

const specs: Readonly<Record<keyof typeof commands, readonly FlagSpec[]>> = {
  build: buildFlags,
  plan: planFlags,
  push: pushFlags,
  pull: pullFlags,
  login: loginFlags,
  logout: logoutFlags,
  doctor: doctorFlags,
  'cache:explain': planFlags,
  'cache:ls': cacheLsFlags,
  'cache:mounts:ls': cacheMountsFlags,
  'cache:mounts:export': cacheMountsFlags,
  'cache:mounts:import': cacheMountsFlags,
  'cache:mounts:rm': cacheMountsFlags,
  'cache:prune': cachePruneFlags,
  diff: diffFlags,
  'bench:snapshot': benchSnapshotFlags,
  kaniko: kanikoFlags,
  'kaniko:warmer': warmerFlags,
  'plugin:list': pluginListFlags,
  'plugin:create': [],
  version: versionFlags,
};

/** The section of docs/cli.md about a command, by its id; the heading may go on with arguments. */
const sections = new Map(
  [...page.matchAll(/^## varve ((?:[a-z]+ ?)+).*\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)].map(match => [
    (match[1] ?? '').trim().replaceAll(' ', ':'),
    match[2] ?? '',
  ]),
);

test('docs/cli.md has a section for each command and for no other', () => {
  assert.deepEqual([...sections.keys()].sort(), Object.keys(commands).sort());
});

for (const [id, flags] of Object.entries(specs)) {
  test(`docs/cli.md lists the flags of varve ${id}, all of them and no others`, () => {
    const rows = [...(sections.get(id) ?? '').matchAll(/^\| `((?:-\w, )?--[^`]+)` \|/gm)];
    const documented = rows.map(match => (match[1] ?? '').replaceAll('\\|', '|'));
    const written = flags.map(({ name, char, placeholder }) => {
      const letter = char === undefined ? '' : `-${char}, `;
      return `${letter}--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;
    });
    assert.deepEqual(documented.sort(), written.sort());
  });

  test(`the flags of varve ${id} are those that it is parsed with`, () => {
    const parsed = Object.keys(commands[id as keyof typeof commands].flags);
    assert.deepEqual(parsed.sort(), flags.map(flag => flag.name).sort());
  });
}

test('no flag that is mentioned anywhere in docs/cli.md is unknown', () => {
  const known = new Set(Object.values(specs).flatMap(flags => flags.map(flag => flag.name)));
  const mentioned = [...page.matchAll(/(?<![\w-]|RUN |COPY )--([a-z][a-zA-Z-]+)/g)].map(match => match[1] ?? '');
  const unknown = mentioned.filter(name => !known.has(name) && !['help', 'flag', 'version'].includes(name));
  assert.deepEqual(unknown, []);
});

test('the example of a configuration file fits', async () => {
  const { checkConfig } = await import('../src/config/check.js');
  const json = /```json\n([^`]+)```/.exec(page)?.[1] ?? '';
  assert.equal(Object.keys(checkConfig(JSON.parse(json), 'docs/cli.md')).length, 4);
});

test('the example of mirrors in docs/registries.md fits', async () => {
  const { checkConfig } = await import('../src/config/check.js');
  const { registrySettings } = await import('../src/options/registries.js');
  const { Problems } = await import('../src/options/problems.js');
  const text = readFileSync(new URL('../../../../docs/registries.md', import.meta.url), 'utf8');
  const problems = new Problems();
  const flags = checkConfig(JSON.parse(/```json\n([^`]+)```/.exec(text)?.[1] ?? ''), 'docs/registries.md');
  const { mirrors, certFiles, mirrorFallback } = registrySettings(flags, '/c', problems);
  problems.throwIfAny();
  assert.deepEqual(Object.keys(mirrors ?? {}), ['docker.io', 'ghcr.io', 'quay.io']);
  assert.equal(mirrors?.['ghcr.io']?.length, 2);
  assert.deepEqual([mirrorFallback, Object.keys(certFiles ?? {})], [false, ['mirror.lan:5000']]);
  const mentioned = [...text.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(match => match[1] ?? '');
  const known = new Set(Object.values(specs).flatMap(each => each.map(flag => flag.name)));
  assert.deepEqual(
    mentioned.filter(name => !known.has(name)),
    [],
  );
});
