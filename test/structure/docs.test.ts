import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { contractVersion, hookKind, slotArity } from '@varve/engine/plugin';
import { inRepository } from '../rig/repository.js';

/** Codes of every package that has a table of them, by the module that holds it. */
async function codesInSources(): Promise<Set<string>> {
  const codes = new Set<string>();
  for (const folder of readdirSync(inRepository('packages'))) {
    for (const file of ['index.js', 'errors.js', 'errors/cli-error.js']) {
      const path = inRepository('packages', folder, 'dist/src', file);
      if (!existsSync(path)) continue;
      const loaded = (await import(pathToFileURL(path).href)) as { errorCodes?: Record<string, string> };
      for (const code of Object.keys(loaded.errorCodes ?? {})) codes.add(code);
    }
  }
  return codes;
}

/** Every code written as a literal in the sources of a package; what `startsWith` looks for is the beginning of several. */
function codesThrown(): Set<string> {
  const codes = new Set<string>();
  for (const folder of readdirSync(inRepository('packages'))) {
    const source = inRepository('packages', folder, 'src');
    for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const text = readFileSync(`${source}/${name}`, 'utf8');
      for (const [, code] of text.matchAll(/(?<!startsWith\()'([EW]_[A-Z0-9_]+)'/g)) codes.add(code ?? '');
    }
  }
  return codes;
}

test('the tables of codes hold what the sources name, all of it and nothing else', async () => {
  const listed = await codesInSources();
  assert.ok(listed.size > 20, `${listed.size} codes`);
  const thrown = codesThrown();
  assert.deepEqual([...thrown].filter(code => !listed.has(code)).sort(), [], 'in no table');
  assert.deepEqual([...listed].filter(code => !thrown.has(code)).sort(), [], 'in a table, and nowhere else');
});

test('docs/errors.md lists the error codes, all of them and no others', async () => {
  const listed = await codesInSources();
  const page = readFileSync(inRepository('docs/errors.md'), 'utf8');
  const described = new Set([...page.matchAll(/^\| `([EW]_[A-Z0-9_]+)` \|/gm)].map(match => match[1] ?? ''));
  assert.deepEqual([...described].sort(), [...listed].sort());
});

test('docs/plugins.md lists hooks with their kinds and slots, all of them and no others, and names the contract', () => {
  const page = readFileSync(inRepository('docs/plugins.md'), 'utf8');
  const hooks = [...page.matchAll(/^\| `(\w+)` \| (observe|amend|guard|settle)\b/gm)].map(([, name, kind]) => [
    name,
    kind,
  ]);
  assert.deepEqual(Object.fromEntries(hooks), hookKind);
  const slots = /^\| slot \|[\s\S]*?\n\n/m.exec(page)?.[0] ?? '';
  const named = [...slots.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1] ?? '');
  assert.deepEqual(named.sort(), Object.keys(slotArity).sort());
  assert.match(page, new RegExp(`a semver range of the contract, now ${contractVersion.replaceAll('.', '\\.')}\\)`));
});

test('the README names every package', () => {
  const table = /^\| package \|[\s\S]*?\n\n/m.exec(readFileSync(inRepository('README.md'), 'utf8'))?.[0] ?? '';
  // `@varve/plugin-a-one`, `-two`: the second begins as the first does.
  const rows = table.split('\n').flatMap(row => {
    const [first = '', ...others] = [...(row.split('|')[1] ?? '').matchAll(/`([\w@/-]+)`/g)].map(
      match => match[1] ?? '',
    );
    return [first, ...others.map(name => first.replace(/-[^-]+$/, name))];
  });
  const names = readdirSync(inRepository('packages')).map(folder => (folder === 'cli' ? 'varve' : `@varve/${folder}`));
  assert.deepEqual(rows.filter(name => name !== '').sort(), names.sort());
});
