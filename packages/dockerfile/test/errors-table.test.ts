// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are the language of Dockerfiles
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { parseDockerfile, parseTrigger } from '../src/parse.js';

function errorOf(run: () => unknown): DockerfileError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof DockerfileError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

/** text after a first line `FROM scratch`; code; line:column-column of the words at fault; a part of message and hint */
const rows: readonly (readonly [string, string, string, string])[] = [
  ['FORM x', 'E_UNKNOWN_INSTRUCTION', '2:1-5', 'did you mean FROM?'],
  ['  COPPY a b', 'E_UNKNOWN_INSTRUCTION', '2:3-8', 'did you mean COPY?'],
  ['RUM echo', 'E_UNKNOWN_INSTRUCTION', '2:1-4', 'did you mean RUN?'],
  ['&& echo', 'E_UNKNOWN_INSTRUCTION', '2:1-3', 'continuation'],
  ['constructor x', 'E_UNKNOWN_INSTRUCTION', '2:1-12', 'unknown instruction "constructor"'],
  ['COPY --form=x a b', 'E_UNKNOWN_FLAG', '2:6-12', 'did you mean --from?'],
  ['COPY --chmd=7 a b', 'E_UNKNOWN_FLAG', '2:6-12', 'did you mean --chmod?'],
  ['COPY --checksum=x a b', 'E_UNKNOWN_FLAG', '2:6-16', 'COPY has no flag --checksum'],
  ['COPY --constructor a b', 'E_UNKNOWN_FLAG', '2:6-19', 'COPY has no flag --constructor'],
  ['ADD --from=x a b', 'E_UNKNOWN_FLAG', '2:5-11', 'ADD has no flag --from'],
  ['ADD --parents a b', 'E_UNKNOWN_FLAG', '2:5-14', 'ADD has no flag --parents'],
  ['RUN --device=x a', 'E_UNKNOWN_FLAG', '2:5-13', 'labs'],
  ['RUN --Mount=x a', 'E_UNKNOWN_FLAG', '2:5-12', 'did you mean --mount?'],
  ['CMD --x a', 'E_UNKNOWN_FLAG', '2:5-8', 'CMD has no flags'],
  ['ENV --x a=b', 'E_UNKNOWN_FLAG', '2:5-8', 'ENV has no flags'],
  ['ARG --x a=b', 'E_UNKNOWN_FLAG', '2:5-8', 'ARG has no flags'],
  ['ONBUILD --x RUN a', 'E_UNKNOWN_FLAG', '2:9-12', 'ONBUILD has no flags'],
  ['ONBUILD COPY --form=x a b', 'E_UNKNOWN_FLAG', '2:14-20', 'did you mean --from?'],
  ['COPY \\\n  --form=x a b', 'E_UNKNOWN_FLAG', '3:3-9', 'did you mean --from?'],
  ['COPY --from=a --from=b a b', 'E_DUPLICATE_FLAG', '2:15-23', 'line 2'],
  ['COPY --from a b', 'E_BAD_FLAG_VALUE', '2:6-12', 'write --from=<value>'],
  ['COPY --from=$x a b', 'E_BAD_FLAG_VALUE', '2:13-15', 'alias stage'],
  ['COPY --link= a b', 'E_BAD_FLAG_VALUE', '2:6-13', 'lacks its value'],
  ['COPY --link=yes a b', 'E_BAD_FLAG_VALUE', '2:13-16', 'not "yes"'],
  ['RUN --network=hots a', 'E_BAD_FLAG_VALUE', '2:15-19', 'did you mean host?'],
  ['RUN --security=x a', 'E_BAD_FLAG_VALUE', '2:16-17', 'sandbox, insecure'],
  ['HEALTHCHECK --interval=5 CMD a', 'E_BAD_FLAG_VALUE', '2:24-25', 'a number and a unit'],
  ['HEALTHCHECK --interval=1us CMD a', 'E_BAD_FLAG_VALUE', '2:24-27', '1ms'],
  ['HEALTHCHECK --interval=-5s CMD a', 'E_BAD_FLAG_VALUE', '2:24-27', '1ms'],
  ['HEALTHCHECK --retries=x CMD a', 'E_BAD_FLAG_VALUE', '2:23-24', '--retries'],
  ['HEALTHCHECK --retries=-1 CMD a', 'E_BAD_FLAG_VALUE', '2:23-25', '--retries'],
  ['HEALTHCHECK --intervall=5s CMD a', 'E_UNKNOWN_FLAG', '2:13-24', 'did you mean --interval?'],
  ['HEALTHCHECK', 'E_ARGUMENT_COUNT', '2:1-12', 'at least one'],
  ['HEALTHCHECK NONE x', 'E_ARGUMENT_COUNT', '2:1-19', 'takes no arguments'],
  ['HEALTHCHECK CMD', 'E_ARGUMENT_COUNT', '2:1-16', 'command must follow'],
  ['HEALTHCHECK CMD []', 'E_ARGUMENT_COUNT', '2:1-19', 'command must follow'],
  ['HEALTHCHECK CDM x', 'E_BAD_ARGUMENT', '2:13-16', 'did you mean CMD?'],
  ['COPY a', 'E_ARGUMENT_COUNT', '2:1-7', 'only one'],
  ['COPY', 'E_ARGUMENT_COUNT', '2:1-5', 'none'],
  ['ADD ["a"]', 'E_ARGUMENT_COUNT', '2:1-10', 'only one'],
  ['RUN []', 'E_ARGUMENT_COUNT', '2:1-7', 'a command'],
  ['ENV', 'E_ARGUMENT_COUNT', '2:1-4', 'ENV'],
  ['ENV a', 'E_ARGUMENT_COUNT', '2:5-6', 'ENV a=<value>'],
  ['ENV a=b c', 'E_BAD_ARGUMENT', '2:9-10', "no '='"],
  ['ENV =b', 'E_BAD_ARGUMENT', '2:6-7', 'empty'],
  ['ARG', 'E_ARGUMENT_COUNT', '2:1-4', 'at least one'],
  ['ARG =b', 'E_BAD_ARGUMENT', '2:5-7', 'empty'],
  ['EXPOSE', 'E_ARGUMENT_COUNT', '2:1-7', 'at least one'],
  ['USER', 'E_ARGUMENT_COUNT', '2:1-5', 'exactly one'],
  ['WORKDIR', 'E_ARGUMENT_COUNT', '2:1-8', 'exactly one'],
  ['STOPSIGNAL', 'E_ARGUMENT_COUNT', '2:1-11', 'exactly one'],
  ['VOLUME', 'E_ARGUMENT_COUNT', '2:1-7', 'at least one'],
  ['VOLUME [" "]', 'E_BAD_ARGUMENT', '2:9-12', 'empty'],
  ['SHELL', 'E_ARGUMENT_COUNT', '2:1-6', 'at least one'],
  ['SHELL []', 'E_ARGUMENT_COUNT', '2:1-9', 'at least one'],
  ['SHELL sh -c', 'E_JSON_REQUIRED', '2:7-12', 'double quotes'],
  ['CMD [1]', 'E_JSON_NOT_STRINGS', '2:6-7', 'strings only'],
  ['CMD ["a", null]', 'E_JSON_NOT_STRINGS', '2:11-15', 'strings only'],
  ['COPY ["a", ["b"]]', 'E_JSON_NOT_STRINGS', '2:12-17', 'strings only'],
  ['FROM', 'E_ARGUMENT_COUNT', '2:1-5', 'FROM <image>'],
  ['FROM a b', 'E_ARGUMENT_COUNT', '2:1-9', 'AS <name>'],
  ['FROM a AS', 'E_ARGUMENT_COUNT', '2:1-10', 'AS <name>'],
  ['FROM a IS b', 'E_ARGUMENT_COUNT', '2:1-12', 'AS <name>'],
  ['FROM a AS 1b', 'E_BAD_STAGE_NAME', '2:11-13', 'begins with a letter'],
  ['FROM a AS b/c', 'E_BAD_STAGE_NAME', '2:11-14', 'no name'],
  ['FROM --platfrom=x a', 'E_UNKNOWN_FLAG', '2:6-16', 'did you mean --platform?'],
  ['ONBUILD', 'E_ARGUMENT_COUNT', '2:1-8', 'instruction'],
  ['ONBUILD ONBUILD RUN a', 'E_BAD_TRIGGER', '2:9-16', 'ONBUILD may not'],
  ['ONBUILD FROM a', 'E_BAD_TRIGGER', '2:9-13', 'FROM may not'],
  ['ONBUILD maintainer a', 'E_BAD_TRIGGER', '2:9-19', 'MAINTAINER may not'],
  ['ONBUILD FOO a', 'E_UNKNOWN_INSTRUCTION', '2:9-12', 'unknown instruction "FOO"'],
  ['RUN <<EOF\na\n', 'E_UNTERMINATED_HEREDOC', '2:5-10', 'only EOF'],
  ['RUN cat <<A <<B\na\nA\nb\n', 'E_UNTERMINATED_HEREDOC', '2:13-16', 'only B'],
  ['RUN <<EOF\na\n EOF\n', 'E_UNTERMINATED_HEREDOC', '2:5-10', 'never ended'],
  ['COPY a <<EOF\nEOF', 'E_BAD_HEREDOC', '2:8-13', 'destination'],
  ['COPY <<"A B" /x\nA B', 'E_BAD_HEREDOC', '2:6-13', 'no source'],
  ['COPY <<../E /x/\n../E', 'E_BAD_HEREDOC', '2:6-12', 'cannot be a path'],
  ['ADD a <<.. /x/\n..', 'E_BAD_HEREDOC', '2:7-11', 'cannot be a path'],
  ['RUN <<a/b\n#!/bin/sh\na/b', 'E_BAD_HEREDOC', '2:5-10', 'cannot be a path'],
  ['RUN --mount=type=cash,target=/x a', 'E_BAD_MOUNT', '2:18-22', 'did you mean cache?'],
  ['RUN --mount=type=bind,form=x a', 'E_BAD_MOUNT', '2:23-27', 'did you mean from?'],
  ['RUN --mount=type=bind,from=$x a', 'E_BAD_MOUNT', '2:28-30', 'alias stage'],
  ['RUN --mount=type=bind,sharing=shared a', 'E_BAD_MOUNT', '2:23-30', 'type=cache'],
  ['RUN --mount=type=bind,mode=1 a', 'E_BAD_MOUNT', '2:23-27', 'does not belong'],
  ['RUN --mount=type=bind,required a', 'E_BAD_MOUNT', '2:23-31', 'type=secret'],
  ['RUN --mount=type=cache,size=1 a', 'E_BAD_MOUNT', '2:24-28', 'type=tmpfs'],
  ['RUN --mount=type=cache,sharing=lock a', 'E_BAD_MOUNT', '2:32-36', 'did you mean locked?'],
  ['RUN --mount=type=cache,mode=9 a', 'E_BAD_MOUNT', '2:29-30', 'octal'],
  ['RUN --mount=type=cache,uid=-1 a', 'E_BAD_MOUNT', '2:28-30', 'a number'],
  ['RUN --mount=type=tmpfs,size=x a', 'E_BAD_MOUNT', '2:29-30', 'size'],
  ['RUN --mount=type=tmpfs,from=x a', 'E_BAD_MOUNT', '2:24-28', 'does not belong'],
  ['RUN --mount=type=secret a', 'E_BAD_MOUNT', '2:5-24', 'an id or a target'],
  ['RUN --mount=type=secret,id=a,source=b a', 'E_BAD_MOUNT', '2:30-36', 'not both'],
  ['RUN --mount=type=secret,id=a,from=b a', 'E_BAD_MOUNT', '2:30-34', 'does not belong'],
  ['RUN --mount=required,type=ssh a', 'E_BAD_MOUNT', '2:13-21', 'type=ssh first'],
  ['RUN --mount=type=cache,size=1,type=tmpfs,target=/x a', 'E_BAD_MOUNT', '2:24-28', 'type=tmpfs first'],
  ['RUN --mount=type=bind,ro=maybe a', 'E_BAD_MOUNT', '2:26-31', 'true or false'],
  ['RUN --mount=type=bind,target a', 'E_BAD_MOUNT', '2:23-29', 'lacks its value'],
  ['RUN --mount= a', 'E_BAD_MOUNT', '2:13-13', 'commas'],
  ["RUN --mount='type=\"bind' a", 'E_BAD_MOUNT', '2:14-24', 'commas'],
  ['RUN --mount="type=cash" a', 'E_BAD_MOUNT', '2:19-23', 'did you mean cache?'],
  ['RUN --mount=type=ssh \\\n --mount=type=cash a', 'E_BAD_MOUNT', '3:15-19', 'did you mean cache?'],
];

for (const [text, code, place, part] of rows) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    const error = errorOf(() => parseDockerfile(`FROM scratch\n${text}`, { file: 'a/Dockerfile' }));
    const { file, start, end } = error.range;
    assert.deepEqual([error.code, file], [code, 'a/Dockerfile']);
    assert.equal(`${start.line}:${start.column}-${end.column}`, place);
    assert.ok(`${error.message}; ${error.hint}`.includes(part), `${error.message}; ${error.hint}`);
  });
}

/** a whole file, code, line:column */
const files: readonly (readonly [string, string, string])[] = [
  ['', 'E_NO_INSTRUCTIONS', '1:1'],
  ['\n\n# nothing\n', 'E_NO_INSTRUCTIONS', '1:1'],
  ['ARG a=1\n', 'E_NO_STAGE', '1:1'],
  ['RUN a\nFROM b', 'E_INSTRUCTION_BEFORE_FROM', '1:1'],
  ['ARG a\n env b=c\nFROM b', 'E_INSTRUCTION_BEFORE_FROM', '2:2'],
  ['# escape=x\nFROM a', 'E_DIRECTIVE', '1:10'],
  ['# escape=`\n# Escape=`\nFROM a', 'E_DIRECTIVE', '2:1'],
  ['# syntax=a\n#syntax=b\nFROM a', 'E_DIRECTIVE', '2:1'],
  ['# check=skip\nFROM a', 'E_DIRECTIVE', '1:9'],
  ['# check=error=maybe\nFROM a', 'E_DIRECTIVE', '1:9'],
  ['# check=skp=all\nFROM a', 'E_DIRECTIVE', '1:9'],
  ['# check=skip=A;error=true;experimental=B;error=false\n# check=skip=A\nFROM a', 'E_DIRECTIVE', '2:1'],
  ['# check=skip=A;error=true;error=false;skip=B\nFROM a', 'E_DIRECTIVE', '1:9'],
  ['  # escape=x\nFROM a', 'E_DIRECTIVE', '1:12'],
];

test('refuses whole files', () => {
  for (const [text, code, place] of files) {
    const { code: found, range } = errorOf(() => parseDockerfile(text));
    assert.deepEqual([found, `${range.start.line}:${range.start.column}`], [code, place], JSON.stringify(text));
  }
});

test('a line that is not UTF-8 is refused, in a comment it is not', () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0));
  assert.equal(parseDockerfile(bytes('# caf\xe9\nFROM a\n')).stages.length, 1);
  const error = errorOf(() => parseDockerfile(bytes('FROM a\nENV a=caf\xe9\n')));
  assert.deepEqual([error.code, error.range.start.line], ['E_NOT_UTF8', 2]);
  assert.equal(errorOf(() => parseDockerfile(bytes('FROM a\nRUN <<E\n\xe9\nE\n'))).range.start.line, 3);
  assert.equal(parseDockerfile('FROM a\nENV a=\ufffd\n').stages.length, 1);
});

test('triggers of a base image', () => {
  const trigger = parseTrigger('COPY <<EOF /x\nbody\nEOF');
  assert.equal(trigger.keyword === 'COPY' && trigger.heredocs[0]?.content, 'body\n');
  assert.equal(errorOf(() => parseTrigger('RUN a\nRUN b')).code, 'E_BAD_TRIGGER');
  assert.equal(errorOf(() => parseTrigger('FROM b')).code, 'E_BAD_TRIGGER');
  assert.equal(errorOf(() => parseTrigger('')).code, 'E_NO_INSTRUCTIONS');
});
