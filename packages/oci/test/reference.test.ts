import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { familiarReference, formatReference, parseReference } from '@varve/oci';
import fc from 'fast-check';

const digest = `sha256:${'a'.repeat(64)}`;
const good: readonly (readonly [text: string, whole: string, familiar: string])[] = [
  ['ubuntu', 'docker.io/library/ubuntu', 'ubuntu'],
  ['ubuntu:22.04', 'docker.io/library/ubuntu:22.04', 'ubuntu:22.04'],
  ['user/app', 'docker.io/user/app', 'user/app'],
  ['index.docker.io/app', 'docker.io/library/app', 'app'],
  ['docker.io/library/app', 'docker.io/library/app', 'app'],
  ['docker.io/library/deep/app', 'docker.io/library/deep/app', 'library/deep/app'],
  ['localhost/app', 'localhost/app', 'localhost/app'],
  ['localhost:5000/app:1', 'localhost:5000/app:1', 'localhost:5000/app:1'],
  ['[::1]:5000/a/b', '[::1]:5000/a/b', '[::1]:5000/a/b'],
  ['GHCR.io/user/app', 'ghcr.io/user/app', 'ghcr.io/user/app'],
  [`ghcr.io/u/a@${digest}`, `ghcr.io/u/a@${digest}`, `ghcr.io/u/a@${digest}`],
  [`a:1@${digest}`, `docker.io/library/a:1@${digest}`, `a:1@${digest}`],
  ['a__b/c--d.e', 'docker.io/a__b/c--d.e', 'a__b/c--d.e'],
  ['host:80', 'docker.io/library/host:80', 'host:80'],
];
const bad = [
  '',
  ':',
  '/',
  'a/',
  '/a',
  'Ubuntu',
  'a//b',
  'a:',
  'a:-x',
  `a:${'x'.repeat(129)}`,
  'a@sha256:xyz',
  'a@',
  'a b',
  'a..b',
  '_a',
  'a/b_',
  'http://a/b',
  '-host.io/a',
  'host.io:port/a',
  `${'a/'.repeat(130)}a`,
  'a\n',
  'ghcr.io/',
  `a@sha512:${'a'.repeat(64)}`,
];

describe('parseReference', () => {
  for (const [text, whole, familiar] of good) {
    it(`takes ${text}`, () => {
      const reference = parseReference(text);
      assert.equal(formatReference(reference), whole);
      assert.equal(familiarReference(reference), familiar);
      assert.deepEqual(parseReference(whole), reference);
      assert.deepEqual(parseReference(familiar), reference);
    });
  }

  for (const text of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseReference(text), { code: 'E_BAD_REFERENCE' });
    });
  }

  it('says what would be right', () => {
    assert.throws(() => parseReference('ghcr.io/User/app'), { hint: /ghcr\.io\/user\/app/ });
  });

  it('gives back what it took, whatever it is given', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?$/);
    const host = fc.option(fc.constantFrom('ghcr.io', 'localhost:5000', '10.0.0.1:80', 'docker.io'), {
      nil: undefined,
    });
    const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined });
    fc.assert(
      fc.property(host, fc.array(part, { minLength: 1, maxLength: 4 }), tag, (registry, path, label) => {
        const text = `${registry === undefined ? '' : `${registry}/`}${path.join('/')}${label === undefined ? '' : `:${label}`}`;
        const reference = parseReference(text);
        assert.deepEqual(parseReference(formatReference(reference)), reference);
        assert.deepEqual(parseReference(familiarReference(reference)), reference);
      }),
      { numRuns: 300 },
    );
  });

  it('never fails in another way', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), text => {
        try {
          parseReference(text);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'E_BAD_REFERENCE');
        }
      }),
      { numRuns: 500 },
    );
  });
});
