import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { keyOfLast } from './planning-support.js';

const numRuns = Number(process.env.VARVE_PROPERTY_RUNS ?? 60);

/** Pieces that would run together if something were joined without framing. */
const word = fc
  .array(fc.constantFrom('', 'a', 'ab', ' ', '1:', '2:a', '=', ',', '"', '\\', '$', 'é', '/', "'"), { maxLength: 3 })
  .map(pieces => pieces.join(''));
const plain = { noNullPrototype: true } as const;
const seen = fc.record(
  {
    args: fc.array(word, { minLength: 1, maxLength: 3 }).map(args => ['x', ...args]),
    env: fc.uniqueArray(fc.tuple(fc.constantFrom('A', 'B', 'AB'), word), { maxLength: 2, selector: ([name]) => name }),
    cwd: fc.constantFrom('/', '/w', '/w/w'),
    user: fc.constantFrom('', '1', '1:1', '11'),
  },
  plain,
);
type Process = typeof seen extends fc.Arbitrary<infer T> ? T : never;

function keyOfProcess({ args, env, cwd, user }: Process): Promise<string> {
  const quoted = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`;
  const lines = [
    ...env.map(([name, value]) => `ENV ${name}=${quoted(value)}`),
    ...(user === '' ? [] : [`USER ${user}`]),
    `RUN ${JSON.stringify(args)}`,
  ];
  return keyOfLast('RUN', `FROM base\nWORKDIR ${cwd}\n${lines.join('\n')}\n`);
}

test('two RUNs have one key only where their processes see the same', async () => {
  await fc.assert(
    fc.asyncProperty(seen, seen, seen, async (first, second, third) => {
      // Of these some differ in everything, some in one thing alone.
      const all = [first, second, { ...first, args: third.args }, { ...first, env: third.env }, { ...first }];
      const keys = await Promise.all(all.map(keyOfProcess));
      for (const [i, one] of all.entries())
        for (const [j, other] of all.entries())
          assert.equal(keys[i] === keys[j], isDeepStrictEqual(one, other), `${JSON.stringify([one, other])}`);
    }),
    { numRuns },
  );
});

const root = mkdtempSync(join(tmpdir(), 'varve-collisions-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

const name = fc.constantFrom('a', 'b', 'ab', 'a b', 'a\nb', 'a:1', '1:a');
const content = fc.constantFrom('', 'a', 'ab', 'a\0', '1:a');
const node = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), content, mode: fc.constantFrom(0o644, 0o755) }, plain),
  fc.record({ kind: fc.constant('link' as const), content: name }, plain),
  fc.record({ kind: fc.constant('folder' as const), mode: fc.constantFrom(0o755, 0o700) }, plain),
);
const tree = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 2 }).map(names => names.join('/')),
  node,
  { ...plain, maxKeys: 4 },
);
type Tree = typeof tree extends fc.Arbitrary<infer T> ? T : never;

/** What there is once a tree is made: what lies below a file or a link is not made, folders on the way are. */
function made(given: Tree): Tree {
  const all: Tree = {};
  for (const [path, one] of Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parent = dirname(path);
    if (parent !== '.' && all[parent] === undefined) all[parent] = { kind: 'folder', mode: 0o755 };
    if (parent === '.' || all[parent]?.kind === 'folder') all[path] ??= one;
  }
  return all;
}

async function keyOfTree(all: Tree): Promise<string> {
  const dir = join(root, String(count++));
  mkdirSync(join(dir, 'd'), { recursive: true });
  for (const [path, one] of Object.entries(all).sort(([a], [b]) => a.length - b.length)) {
    const at = join(dir, 'd', path);
    if (one.kind === 'file') writeFileSync(at, one.content);
    else if (one.kind === 'link') symlinkSync(one.content, at);
    else mkdirSync(at);
    if (one.kind !== 'link') chmodSync(at, one.mode);
  }
  const key = await keyOfLast('COPY', 'FROM base\nCOPY d /d\n', { dir });
  rmSync(dir, { recursive: true });
  return key;
}

test('two COPYs have one key only where they copy the same', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (given, more) => {
      const all = [given, more, { ...given, ...more }, given].map(made);
      const keys = await Promise.all(all.map(keyOfTree));
      for (const [i, one] of all.entries())
        for (const [j, other] of all.entries())
          assert.equal(keys[i] === keys[j], isDeepStrictEqual(one, other), `${JSON.stringify([one, other])}`);
    }),
    { numRuns },
  );
});
