// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are the language of Dockerfiles
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { resolveArgs } from '../src/expand/args.js';
import { expandInstruction } from '../src/expand/instruction.js';
import type { Instruction } from '../src/instruction.js';
import type { Mount } from '../src/mount.js';
import { parseDockerfile } from '../src/parse.js';
import { printInstruction } from '../src/print-instruction.js';

const env = new Map([
  ['v', 'x'],
  ['dir', '/d'],
  ['two', 'a b'],
  ['ports', '80 443/udp'],
  ['empty', ''],
]);
const lookup = (name: string): string | undefined => env.get(name);

function parseOne(text: string): Instruction {
  return parseDockerfile(`FROM scratch\n${text}`).stages[0]?.instructions[0] as Instruction;
}

function mountOf(options: string, expand = true): Record<string, unknown> {
  const parsed = parseOne(`RUN --mount=${options} true`);
  const run = expand ? expandInstruction(parsed, lookup) : parsed;
  assert.equal(run.keyword, 'RUN');
  const { range, options: written, ...mount } = (run.keyword === 'RUN' ? run.mounts[0] : undefined) as Mount;
  assert.ok(range.start.line === 2 && written.length > 0);
  const values = Object.entries(mount).map(([key, value]) => [key, typeof value === 'object' ? value.value : value]);
  return Object.fromEntries(values.filter(([key]) => key !== 'deferred'));
}

const mounts: readonly (readonly [string, Record<string, unknown>])[] = [
  ['target=/x', { type: 'bind', target: '/x', readOnly: true }],
  ['type=bind,source=a,dst=/x,rw', { type: 'bind', source: 'a', target: '/x', readOnly: false }],
  ['TYPE=BIND,Src=a,DESTINATION=/x,RO=false', { type: 'bind', source: 'a', target: '/x', readOnly: false }],
  ['type=bind,from=st,readwrite=0,target=/x', { type: 'bind', from: 'st', target: '/x', readOnly: true }],
  ['type=bind,target=/x,rw,ro', { type: 'bind', target: '/x', readOnly: true }],
  ['type=cache,target=/x', { type: 'cache', target: '/x', readOnly: false, sharing: 'shared' }],
  [
    'type=cache,id=i,target=/x,sharing=LOCKED,mode=0750,uid=1,gid=2,from=s,source=p,ro',
    {
      type: 'cache',
      id: 'i',
      target: '/x',
      sharing: 'locked',
      mode: 0o750,
      uid: 1,
      gid: 2,
      from: 's',
      source: 'p',
      readOnly: true,
    },
  ],
  ['type=tmpfs,target=/x', { type: 'tmpfs', target: '/x', readOnly: false }],
  ['type=tmpfs,target=/x,size=1.5g', { type: 'tmpfs', target: '/x', readOnly: false, sizeLimit: 1.5 * 1024 ** 3 }],
  ['type=secret,id=s', { type: 'secret', id: 's', required: false, readOnly: true }],
  [
    'type=secret,source=s,env=TOKEN,required',
    { type: 'secret', id: 's', env: 'TOKEN', required: true, readOnly: true },
  ],
  [
    'type=secret,target=/run/s,required=false,mode=400',
    { type: 'secret', target: '/run/s', required: false, mode: 0o400, readOnly: true },
  ],
  ['type=secret,id=s,env=', { type: 'secret', id: 's', env: 's', required: false, readOnly: true }],
  ['type=ssh', { type: 'ssh', required: false, readOnly: true }],
  ['type=ssh,required,id=a', { type: 'ssh', id: 'a', required: true, readOnly: true }],
  ['type=cache,target=$dir/c,id=$v', { type: 'cache', id: 'x', target: '/d/c', sharing: 'shared', readOnly: false }],
  [
    'type=${t:-cache},target=/x,mode=${m:-700}',
    { type: 'cache', target: '/x', sharing: 'shared', mode: 0o700, readOnly: false },
  ],
  [`'type=bind,"target=/a,b"'`, { type: 'bind', target: '/a,b', readOnly: true }],
];

test('mounts', () => {
  for (const [text, expected] of mounts) assert.deepEqual(mountOf(text), expected, text);
});

test('a mount with variables is deferred, and keeps what is known', () => {
  assert.deepEqual(mountOf('type=$t,from=st,target=/x', false), {
    type: 'bind',
    from: 'st',
    target: '/x',
    readOnly: true,
  });
  const run = parseOne('RUN --mount=type=cache,mode=$m,target=/x true');
  assert.equal(run.keyword === 'RUN' && run.mounts[0]?.deferred, true);
  assert.throws(
    () => expandInstruction(run, () => '9'),
    (error: unknown) => error instanceof DockerfileError && error.code === 'E_BAD_MOUNT',
  );
});

/** an instruction, and what it is after expansion */
const rows: readonly (readonly [string, string])[] = [
  ['COPY --chown=$v --chmod=${m:-755} $dir/a /b', 'COPY --chown=x --chmod=755 /d/a /b'],
  ['COPY --chown=$none --chmod=${v:+} $v b', 'COPY x b'],
  ['ADD --checksum=$empty --chown=$v $v b', 'ADD --chown=x x b'],
  ['COPY --exclude=$v "$v" b', 'COPY --exclude=$v x b'],
  ['COPY $two c', 'COPY ["a b","c"]'],
  ['COPY <<EOF /$v\n$v "q" \\$v \'$v\'\nEOF', 'COPY <<EOF /x\n$v "q" \\$v \'$v\'\nEOF'],
  ['ADD --checksum=$v $v b', 'ADD --checksum=x x b'],
  ['ENV a=$v b=$a', 'ENV a=x b='],
  ['ENV $v=1', 'ENV x=1'],
  ['ENV a=\'$v\' b="$v" c=\\$v', 'ENV a=$v b=x c=$v'],
  ['ENV a $v y', 'ENV a x y'],
  ['LABEL "$v y"=$dir', 'LABEL x y=/d'],
  ['ARG a=$v b=${a}2 c', 'ARG a=x b=x2 c'],
  ['EXPOSE $ports $v', 'EXPOSE 80 443/udp x'],
  ['VOLUME $dir ["b"]', 'VOLUME /d [b]'],
  ['VOLUME ["$dir"]', 'VOLUME /d'],
  ['USER $v:$v', 'USER x:x'],
  ['WORKDIR $dir/$none', 'WORKDIR /d/'],
  ['STOPSIGNAL $v', 'STOPSIGNAL x'],
  ['RUN echo $v', 'RUN echo $v'],
  ['CMD echo $v', 'CMD echo $v'],
  ['ENTRYPOINT ["$v"]', 'ENTRYPOINT ["$v"]'],
  ['HEALTHCHECK CMD echo $v', 'HEALTHCHECK CMD echo $v'],
  ['SHELL ["$v"]', 'SHELL ["$v"]'],
  ['MAINTAINER $v', 'MAINTAINER $v'],
  ['ONBUILD ENV a=$v', 'ONBUILD ENV a=$v'],
];

test('which words of which instruction are expanded', () => {
  for (const [text, expected] of rows) {
    const parsed = parseOne(text);
    const before = JSON.stringify(parsed);
    assert.equal(printInstruction(expandInstruction(parsed, lookup)), expected, text);
    assert.equal(JSON.stringify(parsed), before, 'the given instruction is not touched');
  }
});

test('heredoc bodies of COPY and ADD are expanded unless the name is quoted', () => {
  const body = (text: string): string | undefined => {
    const copy = expandInstruction(parseOne(text), lookup);
    return copy.keyword === 'COPY' || copy.keyword === 'ADD' ? copy.heredocs[0]?.content : undefined;
  };
  assert.equal(body('COPY <<EOF /x\n$v "$v" \'$v\' \\$v\nEOF'), `x "x" 'x' $v\n`);
  assert.equal(body('ADD <<"EOF" /x\n$v\nEOF'), '$v\n');
  assert.equal(body('COPY <<-EOF /x\n\t$v\n\tEOF'), 'x\n');
});

test('an empty image, platform or volume after expansion is an error at the word', () => {
  for (const [text, place] of [
    ['FROM $none', '1:6'],
    ['FROM --platform=$none a', '1:17'],
  ] as const) {
    const from = parseDockerfile(text).stages[0]?.from as Instruction;
    assert.throws(
      () => expandInstruction(from, lookup),
      (error: unknown) => {
        assert.ok(error instanceof DockerfileError && error.code === 'E_BAD_ARGUMENT');
        assert.equal(`${error.range.start.line}:${error.range.start.column}`, place);
        return true;
      },
    );
  }
  assert.throws(() => expandInstruction(parseOne('VOLUME $none'), lookup), DockerfileError);
});

test('errors of expansion stand at the word', () => {
  assert.throws(
    () => expandInstruction(parseOne('COPY a \\\n  ${b'), lookup),
    (error: unknown) => {
      assert.ok(error instanceof DockerfileError);
      assert.deepEqual(error.range, {
        file: 'Dockerfile',
        start: { line: 3, column: 3 },
        end: { line: 3, column: 6 },
      });
      return true;
    },
  );
});

test('build arguments win over defaults, defaults over what is inherited', () => {
  const arg = parseOne('ARG a=1 b=${a}2 c d=${z:?never} e');
  assert.equal(arg.keyword, 'ARG');
  if (arg.keyword !== 'ARG') return;
  const given: Record<string, string> = { a: 'A', d: 'D' };
  const scope = {
    environment: lookup,
    buildArg: (name: string) => given[name],
    inherited: (name: string) => (name === 'c' ? 'C' : undefined),
  };
  assert.deepEqual(
    resolveArgs(arg, scope).map(({ name, value }) => [name, value]),
    [
      ['a', 'A'],
      ['b', 'A2'],
      ['c', 'C'],
      ['d', 'D'],
      ['e', undefined],
    ],
  );
});
