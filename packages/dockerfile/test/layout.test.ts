import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dockerfile } from '../src/dockerfile.js';
import type { Instruction } from '../src/instruction.js';
import { nearest } from '../src/nearest.js';
import { parseDockerfile } from '../src/parse.js';
import { printDockerfile } from '../src/print.js';
import { printInstruction } from '../src/print-instruction.js';
import type { SourceRange, Word } from '../src/source.js';
import { meaning } from './property-checks.js';

function place({ start, end }: SourceRange): string {
  return `${start.line}:${start.column}-${end.line}:${end.column}`;
}

function at(word: Word | undefined): string | undefined {
  return word && `${word.value}@${place(word.range)}`;
}

function first(text: string): Instruction {
  return parseDockerfile(`FROM a\n${text}`).stages[0]?.instructions[0] as Instruction;
}

test('directives', () => {
  const read = ({ directives: { syntax, escape: escaping, check } }: Dockerfile) => [
    at(syntax),
    escaping,
    check?.skip,
    check?.error,
  ];
  const rows: readonly (readonly [string, readonly unknown[]])[] = [
    ['FROM a', [undefined, '\\', undefined, undefined]],
    ['# syntax=x/y:1\nFROM a', ['x/y:1@1:10-1:15', '\\', undefined, undefined]],
    ['#Syntax = x --flag\n#ESCAPE=`\nFROM a', ['x@1:11-1:12', '`', undefined, undefined]],
    ['  # escape = `  \nFROM a', [undefined, '`', undefined, undefined]],
    ['# check=skip=A,B;error=true\nFROM a', [undefined, '\\', ['A', 'B'], true]],
    ['# check=skip=A // why\nFROM a', [undefined, '\\', ['A'], false]],
    ['# a comment\n# escape=`\nFROM a', [undefined, '\\', undefined, undefined]],
    ['\n# escape=`\nFROM a', [undefined, '\\', undefined, undefined]],
    ['# other=1\n# escape=`\nFROM a', [undefined, '\\', undefined, undefined]],
    ['#!/usr/bin/env x\n# syntax=z\nFROM a', ['z@2:10-2:11', '\\', undefined, undefined]],
    ['#!x\n# syntax=y\n# syntax=z\n# check=skip=A\nFROM a', ['y@2:10-2:11', '\\', undefined, undefined]],
    ['#!x\n# escape=`\n# check=skip=A\nFROM a', [undefined, '\\', ['A'], false]],
    [' # syntax=y\nFROM a', [undefined, '\\', undefined, undefined]],
    ['# syntax=y\n # escape=`\n# check=skip=A\nFROM a', ['y@1:10-1:11', '`', undefined, undefined]],
    ['\ufeff# escape=`\r\nFROM a\r\n', [undefined, '`', undefined, undefined]],
  ];
  for (const [text, expected] of rows) assert.deepEqual(read(parseDockerfile(text)), expected, text);
});

test('places of words, over continuation lines too', () => {
  const copy = first('  COPY --chown=a:b \\\n# c\n\n   x \\\n  "y" /z');
  assert.equal(copy.keyword, 'COPY');
  if (copy.keyword !== 'COPY') return;
  assert.deepEqual(
    [at(copy.keywordAsWritten), at(copy.chown), ...copy.sources.map(at), at(copy.destination), place(copy.range)],
    ['COPY@2:3-2:7', 'a:b@2:16-2:19', 'x@5:4-5:5', '"y"@6:3-6:6', '/z@6:7-6:9', '2:3-6:9'],
  );
});

test('places in JSON, pairs, mounts and heredocs', () => {
  const copy = first('COPY ["é", "b\\n"]');
  assert.deepEqual(copy.keyword === 'COPY' && [...copy.sources.map(at), at(copy.destination)], [
    'é@2:7-2:10',
    'b\n@2:12-2:17',
  ]);
  const env = first('ENV a=b \\\n  c="d e"');
  assert.deepEqual(env.keyword === 'ENV' && env.entries.flatMap(({ key, value }) => [at(key), at(value)]), [
    'a@2:5-2:6',
    'b@2:7-2:8',
    'c@3:3-3:4',
    '"d e"@3:5-3:10',
  ]);
  const run = first('RUN --mount="type=cache",target=/x a');
  const options = run.keyword === 'RUN' ? run.mounts[0]?.options : [];
  assert.deepEqual(
    options?.flatMap(({ key, value }) => [at(key), at(value)]),
    ['type@2:14-2:18', 'cache@2:19-2:24', 'target@2:26-2:32', '/x@2:33-2:35'],
  );
  const heredoc = first('RUN cat <<A\nx\nA\n');
  assert.deepEqual(
    heredoc.keyword === 'RUN' && [place(heredoc.heredocs[0]?.range as SourceRange), place(heredoc.range)],
    ['2:9-2:12', '2:1-4:2'],
  );
  const arg = first('ARG a=b');
  assert.equal(arg.keyword === 'ARG' && at(arg.args[0]?.default), 'b@2:7-2:8');
  const onbuild = first('ONBUILD  COPY a b');
  assert.equal(onbuild.keyword === 'ONBUILD' && place(onbuild.trigger.range), '2:10-2:18');
});

test('what is kept besides: comments, skipped checks, the original line', () => {
  const run = first('# one\n  # two \n# check=skip=A,B\nRUN a \\\n  b');
  assert.deepEqual(
    [run.comments, run.checks, run.original],
    [['one', 'two', 'check=skip=A,B'], { skip: ['A', 'B'], experimental: [] }, 'RUN a   b'],
  );
  assert.deepEqual(first('# far\n\nRUN a').comments, []);
  assert.deepEqual(first('# far\n#\n# near\nRUN a').comments, ['near']);
  const skipped = (text: string) => first(text).checks.skip;
  assert.deepEqual(skipped('# check=skip=A\n\n# near\nRUN a'), ['A']);
  assert.deepEqual(skipped('# check=skip=A\n#\nRUN a'), []);
  assert.deepEqual(skipped('# check=skip=A\n# check=skip=B\nRUN a'), ['A']);
  assert.deepEqual(skipped('# check=nonsense\n# check=skip=B\nRUN a'), []);
  assert.deepEqual(skipped('# Check = skip=A;error=true because\nRUN a'), ['A']);
  assert.deepEqual(skipped('# check=skip=A\nUSER b\nRUN a'), ['A']);
  assert.deepEqual(first('# check=experimental=all\nRUN a').checks, { skip: [], experimental: ['all'] });
});

const text = `# syntax=docker/dockerfile:1

# about it
FROM  a  as  b
RUN x \\
    # inside
    && y   # not a comment

# doomed
ENV  a=1   b=2
COPY <<-E /x
\tbody
\tE
# the end
`;

test('an unchanged file is printed as it is', () => {
  for (const variant of [
    text,
    text.replaceAll('\n', '\r\n'),
    text.trimEnd(),
    'FROM a',
    'FROM a \\\n\n# x',
    '\n\nFROM a',
  ]) {
    assert.equal(printDockerfile(parseDockerfile(variant)), variant);
  }
});

/** The file with other instructions in its only stage. */
function edited(change: (instructions: readonly Instruction[]) => readonly Instruction[]): string {
  const file = parseDockerfile(text);
  return printDockerfile({
    ...file,
    stages: file.stages.map(stage => ({ ...stage, instructions: change(stage.instructions) })),
  });
}

test('a changed instruction is printed anew, the rest stays', () => {
  const printed = edited(list =>
    list.map(one => (one.keyword === 'ENV' ? { ...one, entries: one.entries.slice(1) } : one)),
  );
  assert.equal(printed, text.replace('ENV  a=1   b=2', 'ENV b=2'));
});

test('what would be read as something else is printed so that it is not', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['RUN -- --x', 'RUN -- --x'],
    ['EXPOSE 1 --x', 'EXPOSE -- --x 1'],
    ['COPY --link -- --a b', 'COPY --link ["--a","b"]'],
    ['HEALTHCHECK --retries=2 -- CMD --x', 'HEALTHCHECK --retries=2 CMD --x'],
    ['COPY <<X > "a b"\nX', 'COPY <<X > "a b"\nX'],
    ['COPY a "b c" <<X d /e\nX', 'COPY <<X a "b c" d /e\nX'],
    ['RUN a\\ \\\n\n', 'RUN a\\\f'],
    ['EXPOSE a\u00a0 1', 'EXPOSE a\u00a0 1'],
    ['ENV a\\ \\\n b=c d=e', 'ENV a\\  b=c d=e'],
    ['EXPOSE 1\u00a0 !', 'EXPOSE 1\u00a0 !'],
  ];
  for (const [text, printed] of rows) {
    const instruction = first(text);
    assert.equal(printInstruction(instruction), printed, text);
    assert.deepEqual(meaning(first(printed)), meaning(instruction), text);
  }
});

test('an instruction that is taken away goes with its comments', () => {
  assert.equal(
    edited(list => list.filter(one => one.keyword !== 'ENV')),
    text.replace('\n# doomed\nENV  a=1   b=2\n', ''),
  );
});

test('an added instruction gets a line of its own', () => {
  const added = first('USER  "x"');
  const printed = edited(list => [{ ...added, range: { ...added.range, file: 'elsewhere' } }, ...list]);
  assert.equal(printed, text.replace('RUN x', 'USER "x"\nRUN x'));
  parseDockerfile(printed);
});

/** instruction, printed on its own */
const anew: readonly (readonly [string, string])[] = [
  ['run   a \\\n b', 'RUN a  b'],
  ['RUN --mount="type=cache",target=/x --network=none a', 'RUN --mount=type=cache,target=/x --network=none a'],
  [`RUN --mount='type=bind,"target=/a,b"' a`, `RUN --mount="type=bind,\\"target=/a,b\\"" a`],
  ['COPY ["a b","c"]', 'COPY ["a b","c"]'],
  ['COPY ["a","c"]', 'COPY a c'],
  ['COPY --link=false --from=x a b', 'COPY --from=x a b'],
  ['ADD --unpack a b', 'ADD --unpack=true a b'],
  ['COPY --chown="a b" x y', 'COPY --chown="a b" x y'],
  ['COPY <<-"E" /x\n\ta\n\tE', 'COPY <<-"E" /x\n\ta\nE'],
  ['ENV a b c', 'ENV a b c'],
  ['ARG a b="c d"', 'ARG a b="c d"'],
  ['HEALTHCHECK --interval=1m --timeout=1500ms CMD a', 'HEALTHCHECK --interval=60s --timeout=1500ms CMD a'],
  ['HEALTHCHECK cmd ["a"]', 'HEALTHCHECK CMD ["a"]'],
  ['onbuild  run  a', 'ONBUILD RUN a'],
  ['VOLUME /a  /b', 'VOLUME /a /b'],
  ['CMD [ "a" ,"b" ]', 'CMD ["a","b"]'],
];

test('instructions printed anew', () => {
  for (const [written, expected] of anew) assert.equal(printInstruction(first(written)), expected, written);
});

test('the nearest word', () => {
  const rows: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ['form', ['from', 'force'], 'from'],
    ['FROM', ['from'], 'from'],
    ['chmd', ['chown', 'chmod'], 'chmod'],
    ['same', ['same', 'some'], 'some'],
    ['x', ['chown'], undefined],
    ['', ['a'], undefined],
    ['entirely', ['different'], undefined],
    ['ab', ['cd'], undefined],
    ['FOO', ['FROM', 'ADD'], undefined],
    ['moves', ['mount'], undefined],
    ['hots', ['default', 'none', 'host'], 'host'],
  ];
  for (const [word, candidates, expected] of rows) assert.equal(nearest(word, candidates), expected, word);
});
