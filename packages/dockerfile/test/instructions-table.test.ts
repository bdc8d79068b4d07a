// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are the language of Dockerfiles
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../src/instruction.js';
import { parseDockerfile } from '../src/parse.js';

/** Words become their values; places, flags and other layout are left out. */
function brief(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(brief);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !layout.has(key));
  if (entries.length === 1 && entries[0]?.[0] === 'value') return entries[0][1];
  return Object.fromEntries(entries.map(([key, member]) => [key, brief(member)]));
}
const layout = new Set([
  'range',
  'original',
  'flags',
  'comments',
  'keywordAsWritten',
  'checks',
  'options',
  'deferred',
  'as',
  'legacy',
  'source',
]);

function parseOne(text: string): Instruction {
  const [stage] = parseDockerfile(`FROM scratch\n${text}`).stages;
  assert.equal(stage?.instructions.length, 1, text);
  return stage?.instructions[0] as Instruction;
}

/** text, a part of the instruction */
const rows: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['RUN echo a', { keyword: 'RUN', command: { form: 'shell', script: 'echo a' }, mounts: [] }],
  ['run   echo  a  ', { keyword: 'RUN', command: { form: 'shell', script: 'echo  a' } }],
  [
    'RUN ["a", "b c"]',
    { command: { form: 'exec', args: ['a', 'b c'] }, execution: { kind: 'exec', args: ['a', 'b c'] } },
  ],
  ["RUN ['a']", { command: { form: 'shell', script: "['a']" } }],
  ['RUN ["a"] x', { command: { form: 'shell', script: '["a"] x' } }],
  ['RUN [1e999]', { command: { form: 'shell', script: '[1e999]' } }],
  ['RUN [ -f x ]', { command: { form: 'shell', script: '[ -f x ]' } }],
  ['RUN a \\\n b', { command: { form: 'shell', script: 'a  b' } }],
  ['RUN a \\\n# comment\n\n b', { command: { form: 'shell', script: 'a  b' } }],
  ['RUN a \\\\\n', { command: { form: 'shell', script: 'a \\\\' } }],
  ['RUN', { command: { form: 'shell', script: '' } }],
  ['RUN --network=none a', { network: 'none' }],
  ['RUN --network=host --security=insecure a', { network: 'host', security: 'insecure' }],
  ['RUN -- --x', { command: { form: 'shell', script: '--x' } }],
  ['RUN echo --not-a-flag', { command: { form: 'shell', script: 'echo --not-a-flag' } }],
  [
    'RUN <<EOF\na\nb\nEOF',
    { execution: { kind: 'shell', script: 'a\nb\n' }, command: { form: 'shell', script: '<<EOF' } },
  ],
  ['RUN <<EOF\nEOF', { execution: { kind: 'shell', script: '' } }],
  ['RUN <<-EOF\n\ta\n\t\tb\n\tEOF', { execution: { kind: 'shell', script: 'a\nb\n' } }],
  [
    'RUN <<EOF\n#!/bin/python\nprint()\nEOF',
    { execution: { kind: 'file', name: 'EOF', content: '#!/bin/python\nprint()\n' } },
  ],
  ['RUN <<-EOF\n\t#!/bin/sh\n\tx\nEOF', { execution: { kind: 'file', name: 'EOF', content: '#!/bin/sh\nx\n' } }],
  ['RUN cat <<A <<B\na\nA\nb\nB', { execution: { kind: 'shell', script: 'cat <<A <<B\na\nA\nb\nB' } }],
  ['RUN python3 <<EOF > x\np\nEOF', { execution: { kind: 'shell', script: 'python3 <<EOF > x\np\nEOF' } }],
  ['RUN cat 3<<EOF\nx\nEOF', { heredocs: [{ name: 'EOF', expand: true, chomp: false, content: 'x\n', fd: 3 }] }],
  ['RUN <<"EOF"\n$x\nEOF', { heredocs: [{ name: 'EOF', expand: false, chomp: false, content: '$x\n', fd: 0 }] }],
  ["RUN <<E'O'F\n$x\nEOF", { heredocs: [{ name: 'EOF', expand: false, chomp: false, content: '$x\n', fd: 0 }] }],
  ['RUN <<EOF\r\na\r\nEOF\r\n', { execution: { kind: 'shell', script: 'a\r\n' } }],
  ['RUN echo $((1 << 2))', { heredocs: [], command: { form: 'shell', script: 'echo $((1 << 2))' } }],
  ['RUN cat <<< word', { heredocs: [] }],
  ['RUN echo "<<EOF"', { heredocs: [] }],
  ['RUN ["cat", "<<EOF"]', { heredocs: [] }],
  ...['${a:0:3}', '${@:2}', '${a:=b}', '"${a:-b c}"', '${a%%.*}', '${a/x/y}', '$(b)', '`c`'].map(
    word =>
      [
        `RUN cat <<EOF && echo ${word}\nx\nEOF`,
        { execution: { kind: 'shell', script: `cat <<EOF && echo ${word}\nx\nEOF` } },
      ] as const,
  ),
  ...['${a^^}', '${a,,}', '${!a}', '${a[0]}', '${a:}', '${a:#b}', '${a:%b}', '${}', '${a', '"', "'"].map(
    word => [`RUN cat <<EOF && echo ${word}`, { heredocs: [] }] as const,
  ),
  ["RUN echo it's <<EOF", { heredocs: [] }],
  ['CMD ["a"]', { keyword: 'CMD', command: { form: 'exec', args: ['a'] } }],
  ['CMD a b', { command: { form: 'shell', script: 'a b' } }],
  ['CMD []', { command: { form: 'exec', args: [] } }],
  ['CMD', { command: { form: 'shell', script: '' } }],
  ['ENTRYPOINT ["a", "\\u00e9\\n"]', { keyword: 'ENTRYPOINT', command: { form: 'exec', args: ['a', 'é\n'] } }],
  ['ENTRYPOINT exec top', { command: { form: 'shell', script: 'exec top' } }],
  [
    'COPY a b /c/',
    { keyword: 'COPY', sources: ['a', 'b'], destination: '/c/', link: false, parents: false, excludes: [] },
  ],
  ['COPY ["a b", "c"]', { sources: ['a b'], destination: 'c' }],
  [
    'COPY --from=x --chown=1:2 --chmod=755 --link --parents a b',
    { from: 'x', chown: '1:2', chmod: '755', link: true, parents: true },
  ],
  ['COPY --link=FALSE a b', { link: false }],
  ['COPY --link=True a b', { link: true }],
  ['COPY --exclude=*.md --exclude=x a b', { excludes: ['*.md', 'x'] }],
  ['COPY --chown="a b" x y', { chown: 'a b' }],
  ["COPY --chown='a'\\ b x y", { chown: 'a b' }],
  ['COPY --chmod=u=rwX,go=rX a b', { chmod: 'u=rwX,go=rX' }],
  [
    'COPY <<EOF /x\n$a\nEOF',
    { sources: [], destination: '/x', heredocs: [{ name: 'EOF', expand: true, chomp: false, content: '$a\n', fd: 0 }] },
  ],
  [
    'COPY a <<-"B" <<C /x/\n\tb\nB\nc\nC',
    {
      sources: ['a'],
      heredocs: [
        { name: 'B', expand: false, chomp: true, content: 'b\n', fd: 0 },
        { name: 'C', expand: true, chomp: false, content: 'c\n', fd: 0 },
      ],
    },
  ],
  ['COPY ["<<EOF", "/x"]', { sources: ['<<EOF'], heredocs: [] }],
  ['ADD a b', { keyword: 'ADD', sources: ['a'], destination: 'b' }],
  [
    'ADD --checksum=sha256:0 --keep-git-dir --unpack=false u d',
    { checksum: 'sha256:0', keepGitDir: true, unpack: false },
  ],
  ['ADD --keep-git-dir=false u d', { keepGitDir: false }],
  ['ENV a=b', { keyword: 'ENV', entries: [{ key: 'a', value: 'b' }] }],
  [
    'ENV a=b c="d e" f=g\\ h',
    {
      entries: [
        { key: 'a', value: 'b' },
        { key: 'c', value: '"d e"' },
        { key: 'f', value: 'g\\ h' },
      ],
    },
  ],
  ['ENV a b  c', { entries: [{ key: 'a', value: 'b  c' }] }],
  ['ENV a=', { entries: [{ key: 'a', value: '' }] }],
  ['ENV a==b', { entries: [{ key: 'a', value: '=b' }] }],
  ['ENV a "b=c"', { entries: [{ key: 'a', value: '"b=c"' }] }],
  ["ENV a='x y'z", { entries: [{ key: 'a', value: "'x y'z" }] }],
  ['LABEL a.b="c"', { keyword: 'LABEL', entries: [{ key: 'a.b', value: '"c"' }] }],
  ['LABEL "a b"=c', { entries: [{ key: '"a b"', value: 'c' }] }],
  [
    'LABEL a=b \\\n  c=d',
    {
      entries: [
        { key: 'a', value: 'b' },
        { key: 'c', value: 'd' },
      ],
    },
  ],
  ['ARG a', { keyword: 'ARG', args: [{ name: 'a' }] }],
  ['ARG a=1 b c="2 3"', { args: [{ name: 'a', default: '1' }, { name: 'b' }, { name: 'c', default: '"2 3"' }] }],
  ['ARG a=', { args: [{ name: 'a', default: '' }] }],
  ['EXPOSE 80', { keyword: 'EXPOSE', ports: ['80'] }],
  ['EXPOSE 9000 80/udp 443-450', { ports: ['443-450', '80/udp', '9000'] }],
  ['VOLUME /a /b', { keyword: 'VOLUME', paths: ['/a', '/b'] }],
  ['VOLUME ["/a b"]', { paths: ['/a b'] }],
  ['USER a:b', { keyword: 'USER', user: 'a:b' }],
  ['USER a b', { user: 'a b' }],
  ['WORKDIR /a b', { keyword: 'WORKDIR', path: '/a b' }],
  ['STOPSIGNAL SIGTERM', { keyword: 'STOPSIGNAL', signal: 'SIGTERM' }],
  ['SHELL ["sh", "-c"]', { keyword: 'SHELL', shell: ['sh', '-c'] }],
  ['MAINTAINER me <me@x>', { keyword: 'MAINTAINER', name: 'me <me@x>' }],
  ['HEALTHCHECK NONE', { keyword: 'HEALTHCHECK', test: ['NONE'] }],
  ['HEALTHCHECK none', { test: ['NONE'] }],
  ['HEALTHCHECK CMD curl -f x', { test: ['CMD-SHELL', 'curl -f x'] }],
  ['HEALTHCHECK cmd ["a", "b"]', { test: ['CMD', 'a', 'b'] }],
  ['HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD x', { interval: 90e9, timeout: 1.5e9, retries: 3 }],
  ['HEALTHCHECK --start-period=1h --start-interval=10ms CMD x', { startPeriod: 3600e9, startInterval: 10e6 }],
  ['HEALTHCHECK --interval=0 --retries=0 CMD x', { test: ['CMD-SHELL', 'x'] }],
  ['ONBUILD RUN a', { keyword: 'ONBUILD', expression: 'RUN a' }],
  ['onbuild   copy a b', { expression: 'copy a b' }],
  ['ONBUILD COPY <<EOF /x\na\nEOF', { expression: 'COPY <<EOF /x\na\nEOF' }],
  ['ONBUILD RUN <<-EOF\n\ta\n\tEOF', { expression: 'RUN <<-EOF\n\ta\nEOF' }],
  ['ONBUILD CMD ["<<EOF"]', { expression: 'CMD ["<<EOF"]' }],
];

for (const [text, expected] of rows) {
  test(`reads ${JSON.stringify(text)}`, () => {
    const found = brief(parseOne(text)) as Record<string, unknown>;
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, found[key]])), expected);
  });
}

/** FROM line, image, platform, name */
const froms: readonly (readonly [string, string, string | undefined, string | undefined])[] = [
  ['FROM scratch', 'scratch', undefined, undefined],
  ['from a:1', 'a:1', undefined, undefined],
  ['FROM a AS b', 'a', undefined, 'b'],
  ['FROM a as B-1.x_y', 'a', undefined, 'b-1.x_y'],
  ['FROM --platform=$BUILDPLATFORM a AS b', 'a', '$BUILDPLATFORM', 'b'],
  ['FROM a@sha256:0 \\\n  AS \\\n  b', 'a@sha256:0', undefined, 'b'],
  ['FROM "${x:-a}"', '"${x:-a}"', undefined, undefined],
];

test('reads FROM', () => {
  for (const [text, image, platform, name] of froms) {
    const stage = parseDockerfile(text).stages[0];
    assert.deepEqual(
      [stage?.from.image.value, stage?.from.platform?.value, stage?.name],
      [image, platform, name],
      text,
    );
  }
});

test('stages, global arguments and order', () => {
  const file = parseDockerfile('ARG a=1\nARG b\nFROM x AS One\nRUN 1\nRUN 2\nFROM one\nARG c\n', { file: 'D' });
  assert.deepEqual(
    file.metaArgs.flatMap(instruction => instruction.args.map(arg => arg.name)),
    ['a', 'b'],
  );
  assert.deepEqual(
    file.stages.map(stage => [stage.index, stage.name, stage.nameAsWritten, stage.instructions.length]),
    [
      [0, 'one', 'One', 2],
      [1, undefined, undefined, 1],
    ],
  );
  assert.equal(file.file, 'D');
});
