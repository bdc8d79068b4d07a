import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readLayoutImage } from './build-support.js';
import { base, noRuntime, StepWorkshop, whyNoSteps } from './run-support.js';

const files = {
  'context/in/f': 'from the context\n',
  'context/in/sub/g': '',
  'context/.dockerignore': 'in/ignored\n',
  'context/in/ignored': '',
  'named/n': 'named\n',
};
const from = `${base}FROM base AS other
RUN mkdir /o && echo stage > /o/f && chown 5:6 /o/f && ln /o/f /o/g && ln -s f /o/l
FROM base
WORKDIR /w
`;

describe('RUN --mount', { skip: whyNoSteps() }, () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'binds the context, read-only, without what is ignored',
      '--mount=target=/m cat /m/in/f; ls /m/in; echo x > /m/in/f || echo no',
      'from the context\nf\nsub\nno\n',
    ],
    ['binds a folder at a target below the working directory', '--mount=source=in,target=x/y ls /w/x/y', 'f\nsub\n'],
    ['binds one file', '--mount=source=in/f,target=/one cat /one', 'from the context\n'],
    ['gives files of the context to root', "--mount=source=in,target=/m stat -c '%u %g %a' /m/f", '0 0 644\n'],
    [
      'binds a stage, with owners, links and hard links',
      "--mount=from=other,source=/o,target=/o stat -c '%u %g %h' /o/f /o/g; cat /o/l",
      '5 6 2\n5 6 2\nstage\n',
    ],
    ['follows a link at the end of a source', '--mount=from=other,source=/o/l,target=/l cat /l', 'stage\n'],
    ['binds a named context', '--mount=from=ctx,target=/m cat /m/n', 'named\n'],
    ['lets a step write, for itself', '--mount=source=in,target=/m,rw echo new > /m/f; touch /m/h; cat /m/f', 'new\n'],
    [
      'and shows the next one what was there',
      '--mount=source=in,target=/m,rw cat /m/f; ls /m',
      'from the context\nf\nsub\n',
    ],
    [
      'mounts an empty tmpfs of a size',
      "--mount=type=tmpfs,target=/t,size=1m ls /t; df -k /t | tail -1 | awk '{print $2}'",
      '1024\n',
    ],
    ['shows a cache to the next step', '--mount=type=cache,target=/c echo kept > /c/f', ''],
    [
      'under another target, read-only',
      '--mount=type=cache,id=/c,target=/d,ro cat /d/f; touch /d/x 2>&1 | tail -c 22',
      'kept\nRead-only file system\n',
    ],
    [
      'mounts an inner target into an outer one',
      '--mount=type=tmpfs,target=/t/in --mount=type=tmpfs,target=/t touch /t/in/x; ls -R /t | tail -1',
      'x\n',
    ],
  ];
  for (const executor of ['oci', 'namespaces'])
    it(`shows a step what it asks for, and leaves nothing of it in the image (${executor})`, async context => {
      if (executor === 'oci' && noRuntime()) return context.skip('there is no container runtime');
      const shop = new StepWorkshop(files);
      const text = `${from}${cases.map(([, run]) => `RUN ${run}\n`).join('')}`;
      const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
      const more = { buildContexts: { ctx: 'named' }, outputs, executor: { id: executor, options: {} } };
      const printed = await shop.output(text, more);
      let rest = printed.replace(/^.*can't create.*\n/gm, '');
      for (const [name, , expected] of cases) {
        assert.equal(rest.slice(0, expected.length), expected, name);
        rest = rest.slice(expected.length);
      }
      assert.equal(rest, '');
      const { layers } = await readLayoutImage(shop.path('out'));
      assert.deepEqual(layers.slice(2), [['w/']]);
      assert.deepEqual(shop.leftovers(), []);
      await shop.output(text, more);
      assert.ok(shop.outcomes().every(kind => kind === 'cached'));
    });

  it('keeps what a cache holds from step to step and from build to build, outside the image', async () => {
    const shop = new StepWorkshop();
    const text = (n: number): string => `${base}RUN --mount=type=cache,target=/c echo ${n} >> /c/log; cat /c/log\n`;
    const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
    assert.equal(await shop.output(text(1), { outputs }), '1\n');
    assert.equal(await shop.output(text(2), { outputs }), '1\n2\n');
    const { layers, config } = await readLayoutImage(shop.path('out'));
    assert.equal(layers.length, 2);
    assert.ok(!JSON.stringify([layers, config.history?.at(-1)]).includes('log"'));
  });

  it('knows nothing of what a cache holds: no layer, key, event or history does', async () => {
    const shop = new StepWorkshop({ 'context/f': 'content-Zq6' });
    const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
    const use = 'RUN --mount=type=cache,target=/c test -s /c/f\n';
    await shop.output(`${base}RUN --mount=type=cache,target=/c --mount=source=f,target=/f cp /f /c/f\n`);
    await shop.output(`${base}${use}`, { outputs });
    assert.ok(!JSON.stringify(shop.events).includes('Zq6'));
    rmSync(shop.path('context/f'));
    const found = execFileSync('sh', ['-c', 'grep -rl content-Zq6 "$0" || true', shop.dir], { encoding: 'utf8' });
    assert.match(found, /^\S+\/state\/cache-mounts\/\w+\/0\/f\n$/);
    // The key stays when the content goes.
    rmSync(join(shop.store, 'state/cache-mounts'), { recursive: true });
    await shop.output(`${base}${use}`);
    assert.ok(shop.outcomes().every(kind => kind === 'cached'));
  });

  it('begins a cache with files of a stage', async () => {
    const shop = new StepWorkshop();
    const text = (n: number): string =>
      `${from}RUN --mount=type=cache,target=/c,from=other,source=/o cat /c/f; echo ${n} >> /c/f\n`;
    assert.equal(await shop.output(text(1)), 'stage\n');
    assert.equal(await shop.output(text(2)), 'stage\n1\n');
  });

  it('lets one step at a time into a locked cache', async () => {
    const shop = new StepWorkshop();
    const run = (name: string): string =>
      `FROM base AS ${name}\nRUN --mount=type=cache,id=k,target=/c,sharing=locked echo ${name} >> /c/log; sleep 0.5; echo ${name} >> /c/log; touch /${name}\n`;
    const text = `${base}${run('a')}${run('b')}FROM base\nCOPY --from=a /a /\nCOPY --from=b /b /\nRUN --mount=type=cache,id=k,target=/c uniq /c/log\n`;
    const printed = await shop.output(text, { jobs: 4 });
    assert.ok(['a\nb\n', 'b\na\n'].includes(printed), printed);
  });

  it('holds a source that is not there against its line', async () => {
    const shop = new StepWorkshop();
    for (const mount of ['--mount=source=nope,target=/m', '--mount=from=base,source=/nope,target=/m'])
      await assert.rejects(
        shop.output(`${base}FROM base\nRUN ${mount} true\n`),
        (error: { code?: string; where?: { line: number } }) => {
          assert.deepEqual([error.code, error.where?.line], ['E_COPY_SOURCE_MISSING', 5]);
          return true;
        },
      );
    assert.deepEqual(shop.leftovers(), []);
  });
});

describe('RUN --security=insecure and --network=host', { skip: whyNoSteps() }, () => {
  it('are real, and only with --allow', async () => {
    const shop = new StepWorkshop();
    const show = "grep -E '^(CapEff|Seccomp):' /proc/self/status | sed 's/.*\\t//'";
    const text = `${base}RUN --network=none ls /sys/class/net | wc -l\nRUN --network=host true\nRUN --security=insecure ${show}\nRUN ${show}\n`;
    await assert.rejects(shop.output(text), { code: 'E_NOT_ALLOWED' });
    const printed = await shop.output(text, { allow: ['network.host', 'security.insecure'] });
    const [, free = '', noFilter, bound = '', filter] = printed.trim().split('\n');
    assert.deepEqual([noFilter, filter], ['0', '2']);
    assert.equal(bound, '00000000a80425fb');
    assert.ok(BigInt(`0x${free}`) > BigInt(`0x${bound}`), free);
  });
});

describe('what is mounted', { skip: whyNoSteps() }, () => {
  it('is not in the table of mounts of the builder', async () => {
    const shop = new StepWorkshop(files);
    let during = '';
    shop.onEvent = () => {
      during += readFileSync('/proc/self/mountinfo', 'utf8');
    };
    await shop.output(`${base}RUN --mount=target=/m --mount=type=cache,target=/c --mount=type=tmpfs,target=/t true\n`);
    assert.ok(during !== '' && !during.includes(shop.dir));
    assert.deepEqual(readdirSync(join(shop.store, 'scratch')), []);
  });
});
