// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are the language of Dockerfiles
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { compileIgnore } from '../src/ignore/matcher.js';
import { lint, lintRules } from '../src/lint/lint.js';
import type { LintFacts } from '../src/lint/rule.js';
import { parseDockerfile } from '../src/parse.js';

const all: LintFacts = { base: () => ({ env: { LANG: 'C' } }) };

function found(text: string, facts: LintFacts = all): readonly string[] {
  return lint(parseDockerfile(text), facts).map(
    ({ rule, range: { start } }) => `${rule}@${start.line}:${start.column}`,
  );
}

/** text, findings as rule@line:column */
const rows: readonly (readonly [string, readonly string[]])[] = [
  ['FROM a AS b\nCMD ["x"]', []],
  ['FROM a AS B', ['StageNameCasing@1:11']],
  ['FROM a as b', ['FromAsCasing@1:8']],
  ['from a AS b', ['FromAsCasing@1:8']],
  ['from a as b', []],
  ['From a aS b\nRUN x', ['ConsistentInstructionCasing@1:1']],
  ['FROM a\nRUN x \\\n\n y', ['NoEmptyContinuation@3:1']],
  ['FROM a\nRUN x \\\n# c\n y', []],
  ['FROM a\nrun x', ['ConsistentInstructionCasing@2:1']],
  ['from a\nrun x\nRUN y', ['ConsistentInstructionCasing@3:1']],
  ['FROM a\nRun x', ['ConsistentInstructionCasing@2:1']],
  ['from a\nRUN x', ['ConsistentInstructionCasing@1:1']],
  ['FROM a AS x\nFROM a AS X', ['DuplicateStageName@2:11', 'StageNameCasing@2:11']],
  ['FROM a AS scratch', ['ReservedStageName@1:11']],
  ['FROM a AS context', ['ReservedStageName@1:11']],
  ['FROM a\nCMD x', ['JSONArgsRecommended@2:1']],
  ['FROM a\nENTRYPOINT x y', ['JSONArgsRecommended@2:1']],
  ['FROM a\nSHELL ["b"]\nCMD x', []],
  ['FROM a AS b\nSHELL ["b"]\nFROM b\nCMD x', []],
  ['FROM a\nMAINTAINER x', ['MaintainerDeprecated@2:1']],
  ['FROM a:$x', ['UndefinedArgInFrom@1:6', 'InvalidDefaultArgInFrom@1:6'].toSorted().toReversed()],
  ['ARG x=1\nFROM a:$x', []],
  ['ARG tag=1\nFROM a:1$tga', ['UndefinedArgInFrom@2:6']],
  ['ARG x\nFROM a:$x', ['InvalidDefaultArgInFrom@2:6']],
  ['ARG x\nFROM a:${x:-1}', []],
  ['FROM --platform=$BUILDPLATFORM a', []],
  ['FROM --platform=$nope a', ['UndefinedArgInFrom@1:17']],
  ['FROM --platform=$TARGETPLATFORM a', ['RedundantTargetPlatform@1:17']],
  ['FROM --platform=${TARGETPLATFORM} a', ['RedundantTargetPlatform@1:17']],
  ['FROM --platform=$TARGETOS/$TARGETARCH a', []],
  ['FROM --platform=linux/amd64 a', ['FromPlatformFlagConstDisallowed@1:17']],
  ['FROM --platform=linux/amd64 a AS build-amd64', []],
  ['FROM --platform=linux/x86_64 a AS build-amd64', []],
  ['FROM a\nWORKDIR x', ['WorkdirRelativePath@2:9']],
  ['FROM a\nWORKDIR /x\nWORKDIR y', []],
  ['FROM a\nWORKDIR x\nWORKDIR y', ['WorkdirRelativePath@2:9']],
  ['FROM a AS b\nWORKDIR /x\nFROM b\nWORKDIR y', []],
  ['FROM a\nARG d=/x\nWORKDIR $d', []],
  ['FROM a\nCOPY $x /', ['UndefinedVar@2:6']],
  ['FROM a\nARG x\nCOPY $x /', []],
  ['FROM a\nENV x=1\nCOPY $x /', []],
  ['FROM a\nENV x=1 y=$x', ['UndefinedVar@2:11']],
  ['FROM a\nENV PATH=$PAHT:/x', ['UndefinedVar@2:10']],
  ['FROM a\nENV PATH=$PATH:/x L=$LANG', []],
  ['FROM a\nRUN echo $x', []],
  ['FROM a\nCMD ["$x"]', []],
  ['FROM a\nCOPY <<EOF /x\n$y\nEOF', ['UndefinedVar@2:6']],
  ['FROM a\nCOPY <<"EOF" /x\n$y\nEOF', []],
  ['FROM a\nRUN --mount=type=cache,target=$t x', ['UndefinedVar@2:31']],
  ['FROM a\nEXPOSE $x', []],
  ['FROM a AS b\nARG x=1\nFROM b\nCOPY $x /', []],
  ['FROM a AS b\nARG x=1\nFROM a\nCOPY $x /', ['UndefinedVar@4:6']],
  ['FROM scratch\nUSER $x', ['UndefinedVar@2:6']],
  ['ARG x=1\nFROM a\nUSER $x', ['UndefinedVar@3:6']],
  ['FROM a\nARG x=$y', ['UndefinedVar@2:7']],
  ['FROM a\nCMD ["x"]\nCMD ["y"]', ['MultipleInstructionsDisallowed@2:1']],
  [
    'FROM a\nENTRYPOINT ["x"]\nENTRYPOINT ["y"]\nENTRYPOINT ["z"]',
    ['MultipleInstructionsDisallowed@2:1', 'MultipleInstructionsDisallowed@3:1'],
  ],
  ['FROM a\nHEALTHCHECK NONE\nHEALTHCHECK NONE', ['MultipleInstructionsDisallowed@2:1']],
  ['FROM a AS b\nCMD ["x"]\nFROM b\nCMD ["y"]', []],
  ['FROM a\nENV x y', ['LegacyKeyValueFormat@2:1']],
  ['FROM a\nLABEL x y', ['LegacyKeyValueFormat@2:1']],
  ['FROM a\nARG API_KEY', ['SecretsUsedInArgOrEnv@2:5']],
  ['FROM a\nENV github_token=1 x=2', ['SecretsUsedInArgOrEnv@2:5']],
  ['FROM a\nENV PUBLIC_KEY=1 KEY_FILE=2 MONKEY=3 TOKENS=4', []],
  ['ARG PASSWORD\nFROM a', []],
  ['FROM a\nEXPOSE 80/TCP', ['ExposeProtoCasing@2:8']],
  ['FROM a\nEXPOSE 80/tcp 90', []],
  ['FROM a\nEXPOSE 80:80', ['ExposeInvalidFormat@2:8']],
  ['FROM a\nEXPOSE 1.2.3.4:80:80/UDP', ['ExposeInvalidFormat@2:8', 'ExposeProtoCasing@2:8']],
  ['FROM a\nARG x y=$x', []],
  ['FROM a\nARG y=$x x', ['UndefinedVar@2:7']],
  ['FROM a\nARG x=$x', ['UndefinedVar@2:7']],
  ['FROM a\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nUSER x$BUILDKIT_SBOM_SCAN_STAGE', []],
  ['FROM a\nENV "API_KEY"=1', ['SecretsUsedInArgOrEnv@2:5']],
  ['FROM a\nARG x=DB\nENV ${x}_PASSWORD=1', ['SecretsUsedInArgOrEnv@3:5']],
  ['# escape=`\nFROM a AS b\nARG x=1\nFROM `b\nCOPY $x /', []],
  ['FROM --platform=amd64 a', ['FromPlatformFlagConstDisallowed@1:17']],
  ['FROM --platform=linux a', ['FromPlatformFlagConstDisallowed@1:17']],
  ['FROM --platform=nonsense a', []],
  ['FROM --platform=$TARGETSTAGE a AS x', []],
  ['FROM Host/a', []],
  ['FROM Host', ['InvalidDefaultArgInFrom@1:6']],
  ['FROM a.b_c/d', ['InvalidDefaultArgInFrom@1:6']],
  ['FROM a_b/d', []],
  [`FROM localhost/d:1@sha256:${'a'.repeat(64)}`, []],
  [`FROM ${'a'.repeat(256)}`, ['InvalidDefaultArgInFrom@1:6']],
  [`FROM ${'a'.repeat(64)}`, ['InvalidDefaultArgInFrom@1:6']],
  ['# check=skip=StageNameCasing\nFROM a AS B', []],
  ['# check=skip=all\nFROM a AS B\nMAINTAINER x', []],
  ['# check=skip=StageNameCasing,MaintainerDeprecated\nFROM a AS B\nMAINTAINER x', []],
  ['# check=skip=StageNameCasing, MaintainerDeprecated\nFROM a AS B\nMAINTAINER x', ['MaintainerDeprecated@3:1']],
  ['FROM a\n# check=skip=MaintainerDeprecated\nMAINTAINER x', []],
  ['FROM a\n# check=skip=all\nMAINTAINER x', []],
  ['FROM a\n# check=skip=MaintainerDeprecated\n\nMAINTAINER x', []],
  ['FROM a\n# check=skip=MaintainerDeprecated\n#\nMAINTAINER x', ['MaintainerDeprecated@4:1']],
  ['FROM a\n# check=error=true\n# check=skip=all\nMAINTAINER x', ['MaintainerDeprecated@4:1']],
  ['FROM a\n# check=skip=all\nrun x', ['ConsistentInstructionCasing@3:1']],
  ['FROM a AS b\n# check=skip=all\nFROM a AS b', ['DuplicateStageName@3:11']],
  ['# x\n# check=skip=all\nFROM a AS scratch', ['ReservedStageName@3:11']],
  ['FROM a\n# check=skip=all\nRUN x \\\n\n y', ['NoEmptyContinuation@4:1']],
  ['ARG x\n# check=skip=all\nFROM a:$x', ['InvalidDefaultArgInFrom@3:6']],
  ['# x\n# check=skip=all\nFROM --platform=linux/amd64 a:1$y', []],
  ['FROM a\n# check=skip=all\nCMD ["x"]\nCMD ["y"]', ['MultipleInstructionsDisallowed@3:1']],
  ['FROM a\nCMD ["x"]\n# check=skip=all\nCMD ["y"]', []],
  ['# x\n# check=experimental=all\n# y\nFROM a AS b', ['InvalidDefinitionDescription@4:1']],
  ['# check=experimental=all\n\n# words\nFROM a AS b', ['InvalidDefinitionDescription@4:1']],
  [
    '# check=experimental=InvalidDefinitionDescription\n\n# b is\nFROM a AS b\n# about it\nARG c d',
    ['InvalidDefinitionDescription@6:1'],
  ],
  ['# words\nFROM a AS b', []],
  ['# syntax=docker/dockerfile:1.7-labs\nFROM a', []],
  ['# syntax=docker/dockerfile:1.99\nFROM a', ['UnknownFrontend@1:10']],
  ['# syntax=example.org/front\nFROM a', ['UnknownFrontend@1:10']],
];

for (const [text, expected] of rows) {
  test(`lints ${JSON.stringify(text)}`, () => {
    assert.deepEqual(found(text).toSorted(), [...expected].toSorted());
  });
}

test('the 22 rules are there by name, with texts', () => {
  assert.equal(lintRules.length, 22);
  assert.equal(new Set(lintRules.map(rule => rule.name)).size, 22);
  for (const rule of lintRules)
    assert.ok(rule.description.length > 10 && (rule.url ?? 'https://').startsWith('https://'));
});

test('messages are those of BuildKit', () => {
  const messages = (text: string, facts: LintFacts = all) => lint(parseDockerfile(text), facts).map(one => one.message);
  assert.deepEqual(messages('FROM a\nENV PATH=$PAHT:/app/bin'), [
    "Usage of undefined variable '$PAHT' (did you mean $PATH?)",
  ]);
  assert.deepEqual(messages('ARG version=1\nFROM a:1$versoin'), [
    "FROM argument 'versoin' is not declared (did you mean version?)",
  ]);
  assert.deepEqual(messages('FROM a\nEXPOSE 127.0.0.1:80:80'), [
    "EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'",
  ]);
  assert.deepEqual(messages('FROM a\nenv x y\nRUN x'), [
    `Command 'env' should match the case of the command majority (uppercase)`,
    `"env key=value" should be used instead of legacy "env key value" format`,
  ]);
  assert.deepEqual(messages('from a\ncmd ["x"]\nCMD ["x"]\nrun x').toSorted(), [
    `Command 'CMD' should match the case of the command majority (lowercase)`,
    'Multiple CMD instructions should not be used in the same stage because only the last one will be used',
  ]);
  assert.deepEqual(messages('FROM a\nENV PATH=$PAHTHSX'), [`Usage of undefined variable '$PAHTHSX'`]);
  assert.deepEqual(messages('FROM a\nENV PATH=$path'), [`Usage of undefined variable '$path'`]);
});

test('what is not known is not reported', () => {
  assert.deepEqual(found('FROM a\nCOPY $x /', {}), []);
  assert.deepEqual(found('FROM a AS b\nFROM b\nCOPY $x /', {}), []);
  assert.deepEqual(found('FROM --platform=$BUILDPLATFORM a', { targetPlatform: 'linux/arm64' }), []);
});

test('ONBUILD triggers of the base come before the stage', () => {
  const onbuild = ['ENV X=1', 'ARG Y', 'SHELL ["a"]', 'WORKDIR /x', 'nonsense'];
  const text = 'FROM a\nCOPY $X $Y /\nWORKDIR y\nCMD z';
  assert.deepEqual(found(text, { base: () => ({ env: {}, onbuild }) }), []);
  assert.deepEqual(found('FROM a AS b\nONBUILD ENV X=1\nFROM b\nUSER $X\nFROM b AS c\nFROM c\nUSER $X$Y'), [
    'UndefinedVar@7:6',
  ]);
  assert.deepEqual(found('FROM a AS b\nONBUILD ENV X=1\nUSER $X'), ['UndefinedVar@3:6']);
});

test('build arguments count', () => {
  assert.deepEqual(found('ARG x\nFROM a:${x:?}', { ...all, buildArgs: { x: '1' } }), []);
  assert.deepEqual(found('FROM a\nARG d\nWORKDIR $d', { ...all, buildArgs: { d: '/x' } }), []);
});

test('the platform of a base image', () => {
  const base = () => ({ env: {}, platform: 'linux/arm64/v8' });
  assert.deepEqual(found('FROM a', { base, targetPlatform: 'linux/amd64' }), ['InvalidBaseImagePlatform@1:6']);
  assert.deepEqual(found('FROM a', { base, targetPlatform: 'linux/arm64' }), []);
  const [warning] = lint(parseDockerfile('ARG i=a\nFROM ${i}:1'), { base, targetPlatform: 'linux/arm' });
  assert.equal(
    warning?.message,
    'Base image a:1 was pulled with platform "linux/arm64", expected "linux/arm/v7" for current build',
  );
});

test('files that the context leaves out', () => {
  const ignore = compileIgnore('secret\n*.log');
  assert.deepEqual(found('FROM a\nCOPY secret /\nADD x.log y /\nCOPY --from=b secret /', { ...all, ignore }), [
    'CopyIgnoredFile@2:6',
    'CopyIgnoredFile@3:5',
  ]);
  assert.deepEqual(found('FROM a\nCOPY . /', { ...all, ignore: compileIgnore('**') }), ['CopyIgnoredFile@2:6']);
  assert.deepEqual(found('FROM a\nCOPY . /', { ...all, ignore: compileIgnore('**/x') }), []);
  assert.deepEqual(found('FROM a\nCOPY secret /', { ...all, ignore: compileIgnore('secret\n!secret/a') }), []);
});

test('only the stages asked for, and options from outside', () => {
  const text = 'FROM a AS b\nMAINTAINER x\nCMD x\nFROM a\nCMD y';
  assert.deepEqual(found(text, { ...all, stages: new Set([1]) }), [
    'MaintainerDeprecated@2:1',
    'JSONArgsRecommended@5:1',
  ]);
  assert.deepEqual(found('# check=skip=all\nFROM a AS B', { ...all, check: 'error=true' }), ['StageNameCasing@2:11']);
  assert.throws(() => found(text, { check: 'nonsense' }), DockerfileError);
});

test('arguments of the platform may be given', () => {
  const buildArgs = { TARGETPLATFORM: 'linux/arm64', TARGETARCH: 'arm64' };
  assert.deepEqual(found('FROM --platform=$TARGETPLATFORM a:${TARGETARCH%4}', { ...all, buildArgs }), [
    'RedundantTargetPlatform@1:17',
  ]);
  assert.deepEqual(found('FROM a-${TARGETSTAGE%fault}'), []);
  assert.deepEqual(found('FROM a-${TARGETSTAGE%_}x AS b_'), []);
});

test('a frontend from outside takes the place of the one of the file', () => {
  const text = '# syntax=example.org/front\nFROM a';
  const given = (BUILDKIT_SYNTAX: string) =>
    lint(parseDockerfile(text), { ...all, buildArgs: { BUILDKIT_SYNTAX } }).map(one => `${one.range.file} ${one.rule}`);
  assert.deepEqual(given('docker/dockerfile:1 --x'), []);
  assert.deepEqual(given('example.org/other:2'), ['BUILDKIT_SYNTAX UnknownFrontend']);
  assert.deepEqual(given(''), ['Dockerfile UnknownFrontend']);
});

test('options from outside are no comment: blanks do not end them', () => {
  const text = 'FROM a AS B\nMAINTAINER x';
  assert.deepEqual(found(text, { ...all, check: 'skip=StageNameCasing, MaintainerDeprecated' }), []);
});

test('error=true makes errors of warnings', () => {
  const levels = (text: string) => lint(parseDockerfile(text), all).map(warning => warning.level);
  assert.deepEqual(levels('# check=error=true\nFROM a AS B'), ['error']);
  assert.deepEqual(levels('# check=skip=StageNameCasing;error=true\nFROM a AS B\nMAINTAINER x'), ['error']);
  assert.deepEqual(levels('FROM a AS B'), ['warning']);
  assert.deepEqual(levels('# syntax=docker/dockerfile:1.99\n# check=error=true\nFROM a'), ['warning']);
});
