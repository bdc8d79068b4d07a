import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { explainDifferences, unframe } from '../src/key/differences.js';
import { frame } from '../src/key/key.js';
import type { KeyRecord } from '../src/model/key.js';

const record = (fields: Readonly<Record<string, string>>): KeyRecord => ({ version: 1, kind: 'run', fields });

describe('what differs between two records', () => {
  it('is told with what fields said and say, lists in one line', () => {
    const before = record({ argv: frame(['/bin/sh', '-c', 'make']), user: '', cwd: '/' });
    const now = record({ argv: frame(['/bin/sh', '-c', 'make all']), cwd: '/', script: 'x' });
    assert.deepEqual(explainDifferences(now, before), [
      { field: 'argv', before: '/bin/sh -c make', now: '/bin/sh -c make all' },
      { field: 'script', now: 'x' },
      { field: 'user', before: '' },
    ]);
    assert.deepEqual(explainDifferences(now, now), []);
  });

  it('names variables and keeps their values to itself', () => {
    const before = record({ env: frame(['PATH', '/bin', 'TOKEN', 'very-secret', 'OLD', '1']) });
    const now = record({ env: frame(['PATH', '/bin', 'TOKEN', 'more-secret', 'NEW', '1']) });
    assert.deepEqual(explainDifferences(now, before), [{ field: 'env', names: ['NEW', 'OLD', 'TOKEN'] }]);
  });

  it('says no more of digests than that they differ', () => {
    const [before, now] = ['1', '2'].map(n => record({ files: n, sources: frame([n]), mounts: frame([n]) }));
    assert.deepEqual(
      explainDifferences(now as KeyRecord, before as KeyRecord).map(difference => Object.keys(difference)),
      [['field'], ['field'], ['field']],
    );
  });

  it('takes apart what was framed, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), items => {
        assert.deepEqual(unframe(frame(items)), items);
      }),
    );
    for (const text of ['x', '3:ab', '1:a2:b', ':', '12']) assert.equal(unframe(text), undefined);
  });
});
