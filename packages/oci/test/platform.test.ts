import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Descriptor,
  formatPlatform,
  hostPlatform,
  matchPlatform,
  parsePlatform,
  selectPlatform,
} from '@varve/oci';

describe('parsePlatform', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['linux/amd64', 'linux/amd64'],
    ['Linux/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['windows(10.0.17763)/amd64', 'windows(10.0.17763)/amd64'],
    ['s390x', `${hostPlatform().os}/s390x`],
    ['aarch64', `${hostPlatform().os}/arm64`],
    ['freebsd', `freebsd/${hostPlatform().architecture}`],
  ];
  for (const [text, expected] of cases) {
    it(`takes ${text}`, () => assert.equal(formatPlatform(parsePlatform(text)), expected));
  }
  for (const text of ['', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd 64', 'nonsense', 'linux//v7']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parsePlatform(text), { code: 'E_BAD_PLATFORM' }));
  }
});

describe('matchPlatform', () => {
  const match = (want: string, have: string) => matchPlatform(parsePlatform(want), parsePlatform(have));
  it('takes equals, and older variants', () => {
    assert.ok(match('linux/amd64', 'linux/amd64') > 0);
    assert.ok(match('linux/arm/v7', 'linux/arm/v6') > 0);
    assert.ok(match('linux/amd64/v3', 'linux/amd64') > 0);
    assert.ok(match('linux/arm64', 'linux/arm64/v8') > 0);
  });
  it('refuses newer variants and others', () => {
    assert.equal(match('linux/arm/v6', 'linux/arm/v7'), 0);
    assert.equal(match('linux/amd64', 'linux/amd64/v3'), 0);
    assert.equal(match('linux/arm64', 'linux/arm64/v9'), 0);
    assert.equal(match('linux/amd64', 'windows/amd64'), 0);
    assert.equal(match('windows(10.0.17763)/amd64', 'windows(10.0.20348)/amd64'), 0);
  });
  it('chooses the best of an index, the first of equals, and no attestation', () => {
    const entry = (platform: string | undefined, at: number): Descriptor => ({
      mediaType: '',
      size: at,
      digest: `sha256:${'0'.repeat(64)}`,
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    });
    const index = ['unknown/unknown', undefined, 'linux/arm/v6', 'linux/arm/v7', 'linux/arm/v7', 'linux/amd64'].map(
      entry,
    );
    assert.equal(selectPlatform(index, parsePlatform('linux/arm/v7'))?.size, 3);
    assert.equal(selectPlatform(index, parsePlatform('linux/arm/v8'))?.size, 3);
    assert.equal(selectPlatform(index, parsePlatform('linux/arm/v6'))?.size, 2);
    assert.equal(selectPlatform(index, parsePlatform('linux/s390x')), undefined);
  });
});
