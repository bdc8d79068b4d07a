import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuntimeConfig } from '@varve/oci';
import type { PlannedStep } from '../src/model/plan.js';
import type { StepExit } from '../src/model/process.js';
import type { StepCommand, StepWorld } from '../src/plugin/index.js';
import { failure, handlerOf, imageOf, lastSteps, type Planning, planOf } from './planning-support.js';

interface Ran {
  readonly command: StepCommand;
  readonly effect: unknown;
}

/** What the last RUN of a Dockerfile would run, and what it makes of the way in which that ended. */
async function ran(lines: string, more: Planning & { base?: RuntimeConfig; exit?: StepExit } = {}): Promise<Ran> {
  const { base = {}, exit = { kind: 'exited', code: 0 } } = more;
  const plan = await planOf(`FROM base\n${lines}\n`, { images: { base: imageOf(['b'], base) }, ...more });
  const step = lastSteps(plan).at(-1) as PlannedStep;
  let command: StepCommand | undefined;
  const world = {
    run(given: StepCommand): Promise<StepExit> {
      command = given;
      return Promise.resolve(exit);
    },
  } as unknown as StepWorld;
  const handler = await handlerOf('RUN');
  const effect = await handler.perform?.(step.instruction, step.state, world, new AbortController().signal);
  return { command: command as StepCommand, effect };
}

describe('the process of a RUN', () => {
  it('has the shell in force, or none', async () => {
    const argv = async (lines: string, base?: RuntimeConfig): Promise<readonly string[]> =>
      (await ran(lines, base ? { base } : {})).command.argv;
    assert.deepEqual(await argv('RUN a  "b"'), ['/bin/sh', '-c', 'a  "b"']);
    assert.deepEqual(await argv('SHELL ["/bin/bash", "-ec"]\nRUN a'), ['/bin/bash', '-ec', 'a']);
    assert.deepEqual(await argv('RUN a', { Shell: ['ash'] }), ['ash', 'a']);
    assert.deepEqual(await argv('RUN ["a", "$B"]'), ['a', '$B']);
    assert.deepEqual(await argv('RUN <<EOF\none\ntwo\nEOF'), ['/bin/sh', '-c', 'one\ntwo\n']);
  });

  it('has the script of a heredoc as a file that can be run', async () => {
    const { command } = await ran('RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF');
    const [file] = command.files ?? [];
    assert.equal(command.files?.length, 1);
    assert.deepEqual(file, { target: command.argv.at(-1), content: '#!/usr/bin/env python3\nprint(1)\n', mode: 0o755 });
  });

  it('has the environment of the stage: ENV and ARG, and no more', async () => {
    const { command } = await ran('ARG A=1\nARG NONE\nENV B=2\nARG C\nRUN x', {
      buildArgs: { C: 'given', OTHER: 'o' },
      env: { SECRET: 's' },
    });
    assert.deepEqual(command.env, ['PATH=/bin', 'A=1', 'B=2', 'C=given']);
  });

  it('has the proxies that were given, in both cases of their names and over those of the stage', async () => {
    const env = async (lines: string, buildArgs: Record<string, string>) =>
      (await ran(lines, { buildArgs })).command.env;
    const given = ['HTTP_PROXY=given', 'http_proxy=given', 'NO_PROXY=local', 'no_proxy=local'];
    const buildArgs = { HTTP_PROXY: 'given', no_proxy: 'local' };
    assert.deepEqual(await env('RUN x', buildArgs), ['PATH=/bin', ...given]);
    assert.deepEqual(await env('ENV HTTP_PROXY=own\nRUN x', buildArgs), ['PATH=/bin', ...given]);
    assert.deepEqual(await env('ARG no_proxy\nRUN x', buildArgs), ['PATH=/bin', ...given]);
    assert.deepEqual(await env('ENV http_proxy=own\nRUN x', {}), ['PATH=/bin', 'http_proxy=own']);
    const twice = { ftp_proxy: 'lower', FTP_PROXY: 'upper' };
    assert.deepEqual(await env('RUN x', twice), ['PATH=/bin', 'FTP_PROXY=lower', 'ftp_proxy=lower']);
  });

  it('has the user and the folder of the stage', async () => {
    const { command } = await ran('USER me:staff\nWORKDIR /w\nRUN x');
    assert.deepEqual([command.user, command.cwd], ['me:staff', '/w']);
    const plain = (await ran('RUN x')).command;
    assert.deepEqual([plain.user, plain.cwd], ['', '/']);
    const inherited = (await ran('RUN x', { base: { User: '7', WorkingDir: '/base' } })).command;
    assert.deepEqual([inherited.user, inherited.cwd], ['7', '/base']);
  });

  it('has a network of its own only where that is said', async () => {
    const network = async (flag: string, more: Planning = {}): Promise<string> =>
      (await ran(`RUN ${flag} x`, more)).command.network;
    assert.equal(await network(''), 'host');
    assert.equal(await network('--network=none'), 'none');
    assert.equal(await network('', { network: 'none' }), 'none');
    assert.equal(await network('--network=default', { network: 'none' }), 'none');
    assert.equal(await network('--network=host', { network: 'none', allow: ['network.host'] }), 'host');
  });

  it('gets what the user allowed, and nothing that he did not', async () => {
    for (const [flag, entitlement] of [
      ['--network=host', 'network.host'],
      ['--security=insecure', 'security.insecure'],
    ] as const) {
      const hint = new RegExp(`--allow ${entitlement}`);
      await assert.rejects(ran(`RUN ${flag} x`), failure('E_NOT_ALLOWED', '2:1', hint));
      await ran(`RUN ${flag} x`, { allow: [entitlement] });
    }
    assert.equal(
      (await ran('RUN --security=insecure x', { allow: ['security.insecure'] })).command.security,
      'insecure',
    );
    assert.equal((await ran('RUN x', { allow: ['security.insecure'] })).command.security, 'sandbox');
  });
});

describe('the end of a RUN', () => {
  it('is a layer of what changed, or an error with the way it ended', async () => {
    assert.deepEqual((await ran('RUN x')).effect, { kind: 'captured' });
    for (const [code, hint] of [
      [1, /output stands above/],
      [126, /executable/],
      [127, /not found/],
      [137, /memory/],
    ] as const)
      await assert.rejects(ran('ENV A=1\nRUN x', { exit: { kind: 'exited', code } }), (error: { data?: object }) => {
        assert.deepEqual(error.data, { exitCode: code });
        return failure('E_STEP_FAILED', '3:1', hint)(error);
      });
    await assert.rejects(ran('RUN x', { exit: { kind: 'signalled', signal: 'SIGKILL' } }), {
      code: 'E_STEP_FAILED',
      message: /signal SIGKILL/,
      data: { signal: 'SIGKILL' },
    });
  });
});
