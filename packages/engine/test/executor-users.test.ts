import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lookupMaker, lookupOwner, lookupUser } from '../src/executor/users.js';

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin

  spaced:x:7:8::/spaced:/bin/sh
app:x:1000:1001:,,,:/home/app:/bin/sh
second:x:1000:1002::/home/second:/bin/sh
1234:x:77:78::/odd:/bin/sh
broken:x:what
`;
const group = `# comment
root:x:0:
daemon:x:1:app
app:x:1001:
audio:x:29:app,second
video:x:44:app,daemon
wheel:x:0:app
`;

describe('lookupUser', () => {
  const cases: readonly (readonly [string, number, number, readonly number[]])[] = [
    ['', 0, 0, [0]],
    ['root', 0, 0, [0]],
    ['app', 1000, 1001, [1001, 1, 29, 44, 0]],
    ['spaced', 7, 8, [8]],
    ['app:', 1000, 1001, [1001, 1, 29, 44, 0]],
    // A number takes group and name of the first entry that has it.
    ['1000', 1000, 1001, [1001, 1, 29, 44, 0]],
    ['1', 1, 1, [1, 44]],
    // Numeric names are not names.
    ['1234', 1234, 0, [0]],
    ['4000', 4000, 0, [0]],
    ['app:audio', 1000, 29, [29]],
    ['app:29', 1000, 29, [29]],
    ['1000:audio', 1000, 29, [29]],
    ['1000:1000', 1000, 1000, [1000]],
    ['4000:4001', 4000, 4001, [4001]],
    ['root:root', 0, 0, [0]],
    ['0:wheel', 0, 0, [0]],
    [':video', 0, 44, [44]],
    ['4294967294:7', 4294967294, 7, [7]],
    ['broken', 0, 0, [0]],
  ];
  for (const [spec, uid, gid, groups] of cases) {
    it(JSON.stringify(spec), () => assert.deepEqual(lookupUser(passwd, group, spec), { uid, gid, groups }));
  }

  it('needs no files for numbers and root of an empty image', () => {
    assert.deepEqual(lookupUser('', '', ''), { uid: 0, gid: 0, groups: [0] });
    assert.deepEqual(lookupUser('', '', '12'), { uid: 12, gid: 0, groups: [0] });
    assert.deepEqual(lookupUser('', '', 'root:root'), { uid: 0, gid: 0, groups: [0] });
  });

  for (const spec of ['nobody', 'ap', 'app:nogroup', 'root:video2', '2147483648', '-1', '4294967295:0', 'root:-2']) {
    it(`refuses ${spec}`, () => assert.throws(() => lookupUser(passwd, group, spec), { code: 'E_USER_UNKNOWN' }));
  }

  it('suggests the nearest name', () => {
    assert.throws(() => lookupUser(passwd, group, 'deamon'), { hint: 'did you mean daemon?' });
    assert.throws(() => lookupUser(passwd, group, 'app:vidoe'), { hint: 'did you mean video?' });
  });
});

describe('lookupOwner', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['app', 1000, 1001],
    ['1000', 1000, 1000],
    ['0', 0, 0],
    ['root', 0, 0],
    ['55', 55, 55],
    ['55:66', 55, 66],
    ['app:66', 1000, 66],
    ['app:audio', 1000, 29],
    ['55:audio', 55, 29],
    ['55:root', 55, 0],
    [':audio', 0, 29],
    ['4294967294', 4294967294, 4294967294],
    ['app:4000000000', 1000, 4000000000],
  ];
  for (const [spec, uid, gid] of cases) {
    it(spec, () => assert.deepEqual(lookupOwner(passwd, group, spec), { uid, gid }));
  }
  it('takes root for 0:0 without a look at passwd', () => {
    assert.deepEqual(lookupOwner('root:x:5:6::/:', '', 'root'), { uid: 0, gid: 0 });
  });
  it('refuses unknown names', () => {
    assert.throws(() => lookupOwner(passwd, group, 'nope'), { code: 'E_USER_UNKNOWN' });
    assert.throws(() => lookupOwner('', '', 'app'), { code: 'E_USER_UNKNOWN', hint: /no \/etc\/passwd/ });
    for (const spec of ['4294967295', '1:4294967295', '-1'])
      assert.throws(() => lookupOwner(passwd, group, spec), { code: 'E_USER_UNKNOWN', hint: /4294967294/ });
    assert.throws(() => lookupOwner(passwd, group, '1:nope'), { code: 'E_USER_UNKNOWN' });
  });
});

describe('lookupMaker', () => {
  it('takes root for whom nobody knows, and the group of the user for a group that nobody knows', () => {
    const maker = (spec: string): object => lookupMaker('mail:x:8:9::/:\n', 'kept:x:12:\n', spec);
    assert.deepEqual(maker('mail'), { uid: 8, gid: 9 });
    assert.deepEqual(maker('mail:kept'), { uid: 8, gid: 12 });
    assert.deepEqual(maker('nope'), { uid: 0, gid: 0 });
    assert.deepEqual(maker('nope:kept'), { uid: 0, gid: 12 });
    assert.deepEqual(maker('mail:nope'), { uid: 8, gid: 9 });
    assert.deepEqual(maker('mail:'), { uid: 8, gid: 0 });
    assert.deepEqual(maker('5'), { uid: 5, gid: 5 });
    assert.deepEqual(maker('5:6'), { uid: 5, gid: 6 });
  });
});
