import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutIgnored } from '../src/host/without-ignored.js';
import type { Change } from '../src/model/change.js';
import type { BuildOptions } from '../src/model/options.js';
import { readLayoutImage } from './build-support.js';
import { StepWorkshop, whyNoSteps } from './run-support.js';

/** What is left of deletions of some paths. */
async function left(paths: readonly string[], ignored: readonly string[]): Promise<readonly string[]> {
  const changes = paths.map((path): Change => ({ kind: 'delete', path }));
  const kept: string[] = [];
  for await (const { path } of withoutIgnored(changes, ignored)) kept.push(path);
  return kept;
}

describe('changes at ignored paths', () => {
  const paths = ['', 'a', 'a/b', 'a/b/c', 'a/bc', 'ab', 'a b/[x]', 'var/log/x.log', 'var/log/x.txt', 'var/x.log'];
  for (const [ignored, gone] of [
    [[], []],
    [['/a'], ['a', 'a/b', 'a/b/c', 'a/bc']],
    [['/a/b'], ['a/b', 'a/b/c']],
    [
      ['/a/b/c', '/ab'],
      ['a/b/c', 'ab'],
    ],
    [['/a/b/c/d'], []],
    [['/*'], paths.slice(1)],
    [['/a*'], ['a', 'a/b', 'a/b/c', 'a/bc', 'ab', 'a b/[x]']],
    [['/var/*/*.log'], ['var/log/x.log']],
    [['/a b/\\[x\\]'], ['a b/[x]']],
    [['/a b/[x]'], []],
  ] as const)
    it(`are left out: ${ignored.join(' ') || 'none'}`, async () => {
      assert.deepEqual(
        await left(paths, ignored),
        paths.filter(path => !(gone as readonly string[]).includes(path)),
      );
    });
});

describe('a build with ignored paths', { skip: whyNoSteps() }, () => {
  const text = `FROM scratch
COPY --chmod=755 busybox /bin/sh
RUN mkdir -p /kept /cache/deep /log; echo 1 > /kept/a; echo 2 > /cache/deep/b; ln /kept/a /cache/linked; echo 3 > /log/x.log
COPY later /cache/deep/b
RUN cat /cache/deep/b /log/x.log; rm -r /cache/deep; mv /cache/linked /kept/moved; echo 4 > /log/y.log
RUN echo 5 > /cache/only
`;
  const compression = { id: 'none', options: {} };
  const ignoredPaths = ['/cache', '/log/*.log'];
  const named = (more: Partial<BuildOptions> = {}) => ({
    compression,
    outputs: [{ type: 'oci', attributes: { dest: 'out' } }],
    ...more,
  });

  it('has what COPY brings there and nothing that steps did; they see it all', async () => {
    const shop = new StepWorkshop({ 'context/later': 'later\n' });
    assert.equal(await shop.output(text, named({ ignoredPaths })), 'later\n3\n');
    const { layers } = await readLayoutImage(shop.path('out'));
    const files = layers.map(layer => layer.filter(line => !line.endsWith('/') && !line.startsWith('bin/')));
    assert.deepEqual(files.slice(1, 4), [
      ['kept/a = 1\n'],
      ['cache/deep/b = later\n'],
      ['kept/a = 1\n', 'kept/moved = '],
    ]);
    assert.ok(
      layers.slice(4).every(layer => layer.join() === '/'),
      String(layers[4]),
    );
  });

  it('remembers its RUN steps as others than those of a build without', async () => {
    const shop = new StepWorkshop({ 'context/later': 'later\n' });
    const outcomes = async (more: Partial<BuildOptions>): Promise<string> => {
      await shop.build(text, { ...shop.stepOptions, compression, ...more });
      return shop.outcomes().join(' ');
    };
    assert.equal(await outcomes({}), 'ran ran ran ran ran');
    assert.equal(await outcomes({ ignoredPaths }), 'cached ran ran ran ran');
    assert.equal(await outcomes({ ignoredPaths: ignoredPaths.toReversed() }), 'cached cached cached cached cached');
    assert.equal(await outcomes({ ignoredPaths: ['/cache'] }), 'cached ran ran ran ran');
    assert.equal(await outcomes({}), 'cached cached cached cached cached');
  });
});
