import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
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
    if (!existsSync(source)) continue;
    for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      for (const [, code] of readFileSync(`${source}/${name}`, 'utf8').matchAll(/(?<!startsWith\()'(E_[A-Z0-9_]+)'/g))
        codes.add(code ?? '');
    }
  }
  return codes;
}

test('every code that a source names is in a table of codes', async () => {
  const listed = await codesInSources();
  assert.ok(listed.size > 20, `${listed.size} codes`);
  assert.deepEqual([...codesThrown()].filter(code => !listed.has(code)).sort(), []);
});

const errorsPage = inRepository('docs/errors.md');
test('docs/errors.md lists the error codes, all of them and no others', {
  skip: !existsSync(errorsPage) && 'no docs/errors.md',
}, async () => {
  const listed = await codesInSources();
  const described = new Set(
    [...readFileSync(errorsPage, 'utf8').matchAll(/`([EW]_[A-Z0-9_]+)`/g)].map(match => match[1] ?? ''),
  );
  assert.deepEqual([...listed].filter(code => !described.has(code)).sort(), [], 'not described');
  assert.deepEqual([...described].filter(code => !listed.has(code)).sort(), [], 'described, but unknown');
});

const pluginsPage = inRepository('docs/plugins.md');
test('docs/plugins.md lists the hooks with their kinds, all of them and no others', {
  skip: !existsSync(pluginsPage) && 'no docs/plugins.md',
}, async () => {
  const { hookKind } = (await import('@varve/engine/plugin')) as unknown as { hookKind: Record<string, string> };
  const page = readFileSync(pluginsPage, 'utf8');
  const rows = [...page.matchAll(/^\|\s*`(\w+)`\s*\|\s*(observe|amend|guard|settle)\b/gm)];
  const described = Object.fromEntries(rows.map(([, name, kind]) => [name, kind]));
  assert.deepEqual(described, hookKind);
});
