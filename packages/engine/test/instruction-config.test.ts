import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageConfig, RuntimeConfig } from '@varve/oci';
import { failure, imageOf, lastSteps, type Planning, planOf } from './planning-support.js';

/** The config that lines end with on a base, and the history that each leaves. */
async function after(
  lines: string,
  base: RuntimeConfig = {},
  planning: Planning = {},
): Promise<{ image: ImageConfig; config: RuntimeConfig; history: readonly (string | undefined)[] }> {
  const plan = await planOf(`FROM base\n${lines}\n`, { images: { base: imageOf(['b'], base) }, ...planning });
  const image = plan.stages.at(-1)?.config as ImageConfig;
  return { image, config: image.config ?? {}, history: lastSteps(plan).map(({ inputs }) => inputs.createdBy) };
}

const histories: readonly (readonly [line: string, createdBy: string])[] = [
  ['ENV A=1 B="two words"', 'ENV A=1 B=two words'],
  ['ENV A legacy form', 'ENV A=legacy form'],
  ['LABEL a=1 "b c"="d e"', 'LABEL a=1 b c=d e'],
  ['CMD ["x", "y z"]', 'CMD ["x" "y z"]'],
  ['CMD echo "hi"', 'CMD ["/bin/sh" "-c" "echo \\"hi\\""]'],
  ['ENTRYPOINT ["/e"]', 'ENTRYPOINT ["/e"]'],
  ['EXPOSE 80 53/udp', 'EXPOSE [53/udp 80/tcp]'],
  ['VOLUME /a /b', 'VOLUME [/a /b]'],
  ['VOLUME ["/a b"]', 'VOLUME [/a b]'],
  ['USER me:staff', 'USER me:staff'],
  ['STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGTERM'],
  ['SHELL ["/bin/bash", "-c"]', 'SHELL [/bin/bash -c]'],
  ['MAINTAINER Me <me@x.test>', 'MAINTAINER Me <me@x.test>'],
  ['ARG A', 'ARG A'],
  ['ARG A=1 B', 'ARG A=1 B'],
  ['WORKDIR /a//b/../c', 'WORKDIR /a/c'],
  ['RUN make  all', 'RUN /bin/sh -c make  all # buildkit'],
  ['RUN ["make", "all"]', 'RUN make all # buildkit'],
  ['COPY --chown=1:2 --chmod=600 <<EOF /f\nx\nEOF', 'COPY --chown=1:2 --chmod=600 <<EOF /f # buildkit'],
  ['ADD http://x.test/f /f', 'ADD http://x.test/f /f # buildkit'],
];

describe('history', () => {
  for (const [line, createdBy] of histories)
    it(`of ${JSON.stringify(line)}`, async () => {
      assert.deepEqual((await after(line)).history, [createdBy]);
    });

  it('shows the arguments that a RUN was given, and those without a value as empty', async () => {
    const { history } = await after('ARG A=1\nARG B\nARG C=3\nENV C=4\nRUN x');
    assert.equal(history.at(-1), 'RUN |3 A=1 B= C=4 /bin/sh -c x # buildkit');
  });

  it('has no entry for ONBUILD', async () => {
    assert.deepEqual((await after('ONBUILD RUN x')).history, [undefined]);
  });

  it('shows what variables stand for', async () => {
    assert.deepEqual((await after('ENV V=1\nLABEL v=$V\nUSER u$V')).history.slice(1), ['LABEL v=1', 'USER u1']);
  });
});

describe('CMD, ENTRYPOINT and SHELL', () => {
  it('take the shell that is in force', async () => {
    const { config } = await after('SHELL ["/bin/bash", "-ec"]\nCMD x\nENTRYPOINT y');
    assert.deepEqual(config.Shell, ['/bin/bash', '-ec']);
    assert.deepEqual(config.Cmd, ['/bin/bash', '-ec', 'x']);
    assert.deepEqual(config.Entrypoint, ['/bin/bash', '-ec', 'y']);
    assert.deepEqual((await after('CMD x', { Shell: ['/bin/ash', '-c'] })).config.Cmd, ['/bin/ash', '-c', 'x']);
  });

  it("ENTRYPOINT drops the base's CMD and keeps one of this stage", async () => {
    const base = { Cmd: ['base'] };
    assert.equal((await after('ENTRYPOINT ["e"]', base)).config.Cmd, null);
    assert.deepEqual((await after('CMD ["own"]\nENTRYPOINT ["e"]', base)).config.Cmd, ['own']);
    assert.deepEqual((await after('ENTRYPOINT ["e"]\nCMD ["own"]', base)).config.Cmd, ['own']);
    assert.deepEqual((await after('LABEL a=b', base)).config.Cmd, ['base']);
  });

  it('a CMD of the stage below is a base’s CMD', async () => {
    const plan = await planOf('FROM base AS a\nCMD ["a"]\nFROM a\nENTRYPOINT ["e"]\n');
    assert.equal(plan.stages.at(-1)?.config.config?.Cmd, null);
  });
});

describe('ENV and ARG', () => {
  it('ENV replaces in place and adds at the end', async () => {
    const { config } = await after('ENV B=2 A=3\nENV C=$A', { Env: ['PATH=/p', 'A=1', 'Z'] });
    assert.deepEqual(config.Env, ['PATH=/p', 'A=3', 'Z', 'B=2', 'C=3']);
  });

  it('a line sees the environment as it was before it', async () => {
    const { config } = await after('ENV A=1\nENV A=2 B=$A');
    assert.deepEqual(config.Env, ['PATH=/bin', 'A=2', 'B=1']);
  });

  it('the later of ARG and ENV counts, and ARG is not in the image', async () => {
    const value = async (lines: string, planning: Planning = {}): Promise<unknown> => {
      const { config, history } = await after(`${lines}\nLABEL v=$V`, {}, planning);
      assert.ok(!config.Env?.some(line => line.startsWith('V=') && !lines.includes('ENV V')));
      return history.at(-1);
    };
    assert.equal(await value('ARG V=arg\nENV V=env'), 'LABEL v=env');
    assert.equal(await value('ENV V=env\nARG V=arg'), 'LABEL v=arg');
    assert.equal(await value('ENV V=env\nARG V'), 'LABEL v=env');
    assert.equal(await value('ARG V=default', { buildArgs: { V: 'given' } }), 'LABEL v=given');
    assert.equal(await value('ARG V=default\nENV V=$V-env', { buildArgs: { V: 'given' } }), 'LABEL v=given-env');
    assert.equal(await value('ARG V=$W'), 'LABEL v=');
  });

  it('an ARG without a default takes the one of before the first FROM; one with a default does not', async () => {
    const label = async (arg: string): Promise<string | undefined> => {
      const plan = await planOf(`ARG V=global\nFROM base\n${arg}\nLABEL v=$V\n`);
      return lastSteps(plan).at(-1)?.inputs.createdBy;
    };
    assert.equal(await label('ARG V'), 'LABEL v=global');
    assert.equal(await label('ARG V=own'), 'LABEL v=own');
    assert.equal(await label('# none'), 'LABEL v=');
    assert.equal(await label('ARG TARGETARCH\nARG V=$TARGETARCH'), 'LABEL v=amd64');
  });

  it('go on into the stage that is based on this one', async () => {
    const plan = await planOf('FROM base AS a\nARG A=1\nENV B=2\nFROM a\nLABEL v=$A$B\n');
    assert.equal(lastSteps(plan).at(-1)?.inputs.createdBy, 'LABEL v=12');
    const over = await planOf('FROM base AS a\nENV A=env\nARG A=arg\nFROM a\nLABEL v=$A\n');
    assert.equal(lastSteps(over).at(-1)?.inputs.createdBy, 'LABEL v=env');
    const other = await planOf('FROM base AS a\nARG A=1\nFROM base\nLABEL v=$A\n');
    assert.equal(lastSteps(other).at(-1)?.inputs.createdBy, 'LABEL v=');
  });

  it('an image without a PATH gets the usual one', async () => {
    const { config } = await after('ENV A=1', { Env: [] });
    assert.match(config.Env?.find(line => line.startsWith('PATH=')) ?? '', /^PATH=\/usr\/local\/sbin:.*:\/bin$/);
  });
});

describe('EXPOSE', () => {
  it('knows ranges, protocols and the forms of docker run', async () => {
    const { config } = await after(
      'EXPOSE 80 8000-8002/udp 127.0.0.1:8080:90 :91 9000-9001:92-93/SCTP [::1]::94 ::1:1:95/',
      {
        ExposedPorts: { '22/tcp': {} },
      },
    );
    assert.deepEqual(Object.keys(config.ExposedPorts ?? {}).sort(), [
      '22/tcp',
      '80/tcp',
      '8000/udp',
      '8001/udp',
      '8002/udp',
      '90/tcp',
      '91/tcp',
      '92/sctp',
      '93/sctp',
      '94/tcp',
      '95/tcp',
    ]);
  });

  it('refuses what is no port, where it stands', async () => {
    for (const [port, hint] of [
      ['http', /a number or a range/],
      ['80/http', /tcp, udp or sctp/],
      ['70000', /0 to 65535/],
      ['90-80', /smaller one first/],
      ['1-3:5-6', /leave the host ports out/],
      ['80/tcp/udp', /tcp, udp or sctp/],
      ['1.2.3.999:80:80', /leave it out/],
      ['[::1:80:80', /leave it out/],
    ] as const)
      await assert.rejects(after(`EXPOSE ${port}`), failure('E_VALUE_INVALID', '2:8', hint), port);
  });
});

describe('the others', () => {
  it('STOPSIGNAL takes names and numbers of Linux', async () => {
    for (const signal of ['9', '64', 'KILL', 'SIGKILL', 'sigusr1', 'SIGRTMIN+3', 'RTMAX-14', 'SIGRTMIN'])
      assert.equal((await after(`STOPSIGNAL ${signal}`)).config.StopSignal, signal);
    for (const signal of ['0', '65', 'SIGNOPE', 'SIGRTMIN+16', 'SIG', '-9'])
      await assert.rejects(after(`STOPSIGNAL ${signal}`), failure('E_VALUE_INVALID', '2:12'), signal);
  });

  it('HEALTHCHECK is written with the times that were given, and NONE alone', async () => {
    const { config } = await after('HEALTHCHECK --interval=30s --timeout=1m --start-period=5s --retries=3 CMD curl x');
    assert.deepEqual(config.Healthcheck, {
      Test: ['CMD-SHELL', 'curl x'],
      Interval: 30e9,
      Timeout: 60e9,
      StartPeriod: 5e9,
      Retries: 3,
    });
    assert.deepEqual((await after('HEALTHCHECK CMD ["a"]')).config.Healthcheck, { Test: ['CMD', 'a'] });
    const base = { Healthcheck: { Test: ['CMD', 'base'], Retries: 9 } };
    assert.deepEqual((await after('HEALTHCHECK NONE', base)).config.Healthcheck, { Test: ['NONE'] });
  });

  it('VOLUME, LABEL and ONBUILD add to what the base has', async () => {
    const base = { Volumes: { '/base': {} }, Labels: { a: 'base', b: 'base' } };
    const { config } = await after('VOLUME /own\nLABEL a=own\nONBUILD RUN one\nONBUILD COPY a b', base);
    assert.deepEqual(config.Volumes, { '/base': {}, '/own': {} });
    assert.deepEqual(config.Labels, { a: 'own', b: 'base' });
    assert.deepEqual(config.OnBuild, ['RUN one', 'COPY a b']);
    await assert.rejects(after('VOLUME $NOPE'), failure('E_BAD_ARGUMENT', '2:8'));
  });

  it('WORKDIR adds up, and is cleaned', async () => {
    const dir = async (lines: string, base: RuntimeConfig = {}): Promise<string | undefined> =>
      (await after(lines, base)).config.WorkingDir;
    assert.equal(await dir('WORKDIR a\nWORKDIR ../b/./c/'), '/b/c');
    assert.equal(await dir('WORKDIR x', { WorkingDir: '/base' }), '/base/x');
    assert.equal(await dir('LABEL a=b', { WorkingDir: 'base/./x/' }), '/base/x');
    assert.equal(await dir('WORKDIR /../..'), '/');
    assert.equal(await dir('ENV D=/d\nWORKDIR $D/e'), '/d/e');
  });

  it('USER and MAINTAINER are kept as they are', async () => {
    const { image, config } = await after('USER 1000:me\nMAINTAINER Me');
    assert.equal(config.User, '1000:me');
    assert.equal(image.author, 'Me');
  });
});
