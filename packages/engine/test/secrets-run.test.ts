import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { serveAgent } from '../src/host/agent-proxy.js';
import { readLayoutImage } from './build-support.js';
import { failure } from './planning-support.js';
import { base, noRuntime, StepWorkshop, whyNoSteps } from './run-support.js';

const hush = 'hush-Zq7-from-a-file';
const hushEnv = 'hush-Zq8-from-the-environment';
const secrets = [
  { id: 'file', from: { kind: 'file', path: 'secret.txt' } },
  { id: 'env', from: { kind: 'env', name: 'TOKEN' } },
  { id: 'unset', from: { kind: 'env', name: 'NOT_SET' } },
] as const;

describe('RUN --mount=type=secret', { skip: whyNoSteps() }, () => {
  const given = (): { shop: StepWorkshop; more: object } => {
    const shop = new StepWorkshop({ 'secret.txt': hush });
    return { shop, more: { secrets, env: { PATH: process.env.PATH, HOME: shop.dir, TOKEN: hushEnv } } };
  };

  it('shows files where and how they are asked for', async () => {
    const { shop, more } = given();
    const stat = "stat -c '%n %u %g %a'";
    const printed = await shop.output(
      `${base}WORKDIR /w
RUN --mount=type=secret,id=file ${stat} /run/secrets/*; wc -c < /run/secrets/file
RUN --mount=type=secret,target=/x/env,mode=0440,uid=3,gid=4 ${stat} /x/env
RUN --mount=type=secret,id=env,target=rel ${stat} /w/rel; touch /w/rel || echo read-only
RUN --mount=type=secret,id=none --mount=type=secret,id=unset ls -d /run/secrets 2>&1 || echo none
`,
      more,
    );
    assert.deepEqual(
      printed.split('\n').filter(line => !line.startsWith('touch')),
      [
        ...['/run/secrets/file 0 0 400', String(hush.length), '/x/env 3 4 440', '/w/rel 0 0 400', 'read-only'],
        ...['ls: /run/secrets: No such file or directory', 'none', ''],
      ],
    );
  });

  it('gives variables, which replace others; a file besides where a target is named', async () => {
    const { shop, more } = given();
    const printed = await shop.output(
      `${base}ENV T=old
RUN --mount=type=secret,id=env,env=T test "$T" = ${hushEnv} && test ! -e /run/secrets && echo right
RUN --mount=type=secret,id=env,env=T,target=/t test "$T" = "$(cat /t)" && echo both
RUN --mount=type=secret,id=none,env=T echo $T
`,
      more,
    );
    assert.equal(printed, 'right\nboth\nold\n');
  });

  for (const executor of ['oci', 'namespaces'])
    it(`is nowhere to be seen while the step runs, but in the step (${executor})`, async context => {
      if (executor === 'oci' && noRuntime()) return context.skip('there is no container runtime');
      const { shop, more } = given();
      const seen: string[] = [];
      shop.onEvent = event => {
        if (event.type !== 'stepOutput') return;
        seen.push(execFileSync('ps', ['-eww', '-o', 'args='], { encoding: 'utf8' }));
        seen.push(execFileSync('sh', ['-c', 'grep -rl hush-Zq "$0" || true', shop.store], { encoding: 'utf8' }));
        seen.push(JSON.stringify(event));
      };
      const mounts =
        '--mount=type=secret,id=env,env=T --mount=type=secret,id=file --mount=type=secret,id=env,target=/d/e';
      const show = 'test -n "$T" -a -s /run/secrets/file -a -s /d/e && echo all there; sleep 1';
      const printed = await shop.output(`${base}RUN ${mounts} ${show}\n`, {
        ...more,
        executor: { id: executor, options: {} },
      });
      assert.equal(printed, 'all there\n');
      assert.equal(seen.length, 3);
      assert.ok(!/hush-Zq/.test(seen.join('\n')) && seen[1] === '', seen.join('\n'));
    });

  it('leaves nothing of a secret in store, image, history or events', async () => {
    const { shop, more } = given();
    const outputs = [{ type: 'docker', attributes: { dest: 'out.tar' } }];
    const text = `${base}RUN --mount=type=secret,id=file --mount=type=secret,id=env,env=T test -n "$T" -a -s /run/secrets/file\n`;
    await shop.output(text, { ...more, outputs });
    assert.ok(!/hush-Zq/.test(JSON.stringify(shop.events)));
    rmSync(shop.path('secret.txt'));
    const found = execFileSync('sh', ['-c', `grep -rl hush-Zq "$0" || true`, shop.dir], { encoding: 'utf8' });
    assert.equal(found, '');
  });

  it('that is required and missing is an error of the mount; its presence is no part of the key', async () => {
    const { shop, more } = given();
    const text = `${base}FROM base\nRUN  --mount=type=secret,id=missing,required true\n`;
    await assert.rejects(shop.output(text, more), failure('E_SECRET_MISSING', '5:6', /--secret id=missing,src=FILE/));
    await assert.rejects(
      shop.output(text.replace('missing', 'unset'), more),
      failure('E_SECRET_MISSING', '5:6', /environment variable/),
    );
    rmSync(shop.path('secret.txt'));
    await assert.rejects(shop.output(text.replace('missing', 'file'), more), failure('E_SECRET_MISSING', '5:6'));
    assert.deepEqual(shop.leftovers(), []);
  });
});

describe('RUN --mount=type=ssh', { skip: whyNoSteps() }, () => {
  it('shows the socket of the agent, or nothing', async () => {
    const shop = new StepWorkshop();
    const agent = createServer(socket => socket.end()).listen(shop.path('agent'));
    const text = `${base}RUN --mount=type=ssh,uid=7 stat -c '%F %u %a' $SSH_AUTH_SOCK; echo $SSH_AUTH_SOCK\n`;
    const printed = await shop.output(text, { ssh: [{ id: 'default', sock: 'agent' }] });
    assert.equal(printed, 'socket 7 600\n/run/buildkit/ssh_agent.0\n');
    agent.close();
    const without = `${base}RUN --mount=type=ssh,target=/s ls /s 2>/dev/null || echo no $SSH_AUTH_SOCK\n`;
    assert.equal(await shop.output(without), 'no /s\n');
    const required = `${base}FROM base\nRUN --mount=type=ssh,required true\n`;
    await assert.rejects(shop.output(required), failure('E_SSH_MISSING', '5:5', /--ssh default/));
    const unset = { ssh: [{ id: 'default' }] };
    await assert.rejects(shop.output(required, unset), failure('E_SSH_MISSING', '5:5', /set SSH_AUTH_SOCK/));
  });

  for (const executor of ['oci', 'namespaces'])
    it(`is of no use outside its step, and leaves nothing behind (${executor})`, async context => {
      if (executor === 'oci' && noRuntime()) return context.skip('there is no container runtime');
      const shop = new StepWorkshop();
      const agent = createServer(socket => socket.end()).listen(shop.path('agent-Zq9'));
      const during: string[] = [];
      shop.onEvent = event => {
        if (event.type !== 'stepOutput') return;
        during.push(execFileSync('ps', ['-eww', '-o', 'args='], { encoding: 'utf8' }));
        during.push(execFileSync('find', [shop.store, '-type', 's'], { encoding: 'utf8' }));
      };
      const look = 'RUN --mount=type=ssh test -S $SSH_AUTH_SOCK && cat /proc/self/mountinfo && env; sleep 1\n';
      const text = `${base}${look}RUN test ! -e /run/buildkit -a -z "$SSH_AUTH_SOCK"\n`;
      const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
      const ssh = [{ id: 'default', sock: 'agent-Zq9' }];
      const printed = await shop.output(text, { ssh, outputs, executor: { id: executor, options: {} } });
      agent.close();
      assert.ok(during.length >= 2 && !during.join('').includes('Zq9'));
      assert.ok(
        during.every((text, index) => index % 2 === 0 || text === ''),
        during[1],
      );
      // Neither does the step learn where the agent is, nor does anything that stays.
      assert.ok(printed.includes('SSH_AUTH_SOCK=') && !printed.includes('Zq9'));
      assert.ok(!JSON.stringify(shop.events).includes('Zq9'));
      const { layers, config } = await readLayoutImage(shop.path('out'));
      assert.equal(layers.length, 2);
      assert.ok(!JSON.stringify(config).includes('SSH_AUTH_SOCK=') && !JSON.stringify(layers).includes('buildkit/'));
      const kept = execFileSync('sh', ['-c', 'grep -rl Zq9 "$0" || true', shop.store], { encoding: 'utf8' });
      assert.equal(kept, '');
      // Which agent it was decides nothing.
      await shop.output(text, { ssh: [{ id: 'default', sock: 'another' }] });
      assert.ok(shop.outcomes().every(kind => kind === 'cached'));
    });
});

describe('what a step may ask an agent', () => {
  const dir = mkdtempSync(join(tmpdir(), 'varve-agent-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const message = (type: number, body = ''): Buffer => {
    const bytes = Buffer.alloc(5 + body.length);
    bytes.writeUInt32BE(1 + body.length);
    bytes[4] = type;
    bytes.write(body, 5);
    return bytes;
  };

  it('is to list keys and to sign; the agent is never told of the rest', async () => {
    const seen: number[] = [];
    const agent = createServer(socket =>
      socket.on('data', (data: Buffer) => {
        seen.push(data[4] as number);
        socket.write(message(12, 'keys'));
      }),
    ).listen(join(dir, 'agent'));
    await using _proxy = await serveAgent(join(dir, 'proxy'), join(dir, 'agent'));
    const ask = (bytes: Buffer): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const socket = createConnection(join(dir, 'proxy')).on('error', reject);
        socket.once('data', (answer: Buffer) => {
          socket.destroy();
          resolve(answer);
        });
        // In two pieces: a message may come in any.
        socket.write(bytes.subarray(0, 3), () => socket.write(bytes.subarray(3)));
      });
    assert.deepEqual(await ask(message(11)), message(12, 'keys'));
    assert.deepEqual(await ask(message(13, 'sign')), message(12, 'keys'));
    for (const refused of [17, 18, 19, 22, 25, 27]) assert.deepEqual(await ask(message(refused, 'x')), message(5));
    assert.deepEqual(seen, [11, 13]);
    agent.close();
  });
});
