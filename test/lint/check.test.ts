import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

interface Warning {
  readonly rule: string;
  readonly level: string;
  readonly where: { readonly file: string; readonly line: number; readonly column: number };
}

describe('the linter in builds and in --check', () => {
  let bench: Workbench;
  let varve: Varve;

  before(() => {
    bench = openWorkbench('lint');
    mkdirSync(bench.path('context'));
    varve = varveWith(bench.path('store'));
  });
  after(() => bench?.close());

  const call = (dockerfile: string, ...flags: readonly string[]): Promise<VarveOutcome> => {
    writeFileSync(bench.path('context/Dockerfile'), dockerfile);
    return varve(['build', '.', ...flags], { cwd: bench.path('context') });
  };
  const found = async (dockerfile: string): Promise<readonly Warning[]> => {
    const outcome = await call(dockerfile, '--check', '--progress', 'json');
    return (JSON.parse(outcome.stdout) as { readonly warnings: readonly Warning[] }).warnings;
  };

  test('--check prints each finding with its lines and builds nothing', async () => {
    const outcome = await call('FROM scratch AS Base\nMAINTAINER me\nCOPY missing /\n', '--check');
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stdout, /^warning: StageNameCasing: /m);
    assert.match(outcome.stdout, /^ {2}at Dockerfile:1:17$/m);
    assert.match(outcome.stdout, /^warning: MaintainerDeprecated: /m);
    assert.match(outcome.stdout, /^The linter has 2 findings\.$/m);
  });

  test('--check as JSON: rule, level and place', async () => {
    const [warning, ...more] = await found('FROM scratch\nENV NAME value\n');
    assert.equal(more.length, 0);
    assert.equal(warning?.rule, 'LegacyKeyValueFormat');
    assert.equal(warning.level, 'warning');
    assert.deepEqual([warning.where.file, warning.where.line, warning.where.column], ['Dockerfile', 2, 1]);
  });

  test('--check looks into every stage, with --target into those that it needs', async () => {
    const dockerfile = 'FROM scratch AS unused\nMAINTAINER me\nCMD a\nFROM scratch AS last\nCMD b\n';
    const lines = async (...flags: readonly string[]) => {
      const { stdout } = await call(dockerfile, '--check', '--progress', 'json', ...flags);
      const { warnings } = JSON.parse(stdout) as { readonly warnings: readonly Warning[] };
      return warnings.map(({ rule, where }) => `${rule}:${where.line}`);
    };
    assert.deepEqual(await lines(), ['MaintainerDeprecated:2', 'JSONArgsRecommended:3', 'JSONArgsRecommended:5']);
    assert.deepEqual(await lines('--target', 'last'), ['MaintainerDeprecated:2', 'JSONArgsRecommended:5']);
  });

  test('a file that cannot be built: what was found, then the error, on both channels', async () => {
    const dockerfile = 'FROM scratch AS Base\nCMD a\nFROM $NONE\n';
    const outcome = await call(dockerfile, '--check');
    assert.equal(outcome.code, 1, transcript(outcome));
    assert.match(outcome.stdout, /^warning: StageNameCasing: /m);
    assert.match(outcome.stderr, /\[E_BASE_INVALID\]/);
    const json = await call(dockerfile, '--check', '--progress', 'json');
    const { warnings, error } = JSON.parse(json.stdout);
    assert.deepEqual([json.code, error.code, error.where.line], [1, 'E_BASE_INVALID', 3]);
    assert.ok(
      warnings.some(({ rule }: Warning) => rule === 'JSONArgsRecommended'),
      json.stdout,
    );
  });

  test('an error of the language: the place and the nearest word, and no finding', async () => {
    const outcome = await call('FROM scratch\nCOPY --chwon=1 a b\n', '--check', '--progress', 'json');
    assert.equal(outcome.code, 1, transcript(outcome));
    const { warnings, error } = JSON.parse(outcome.stdout);
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      [error.code, error.where.line, error.where.column, error.hint],
      ['E_UNKNOWN_FLAG', 2, 6, 'did you mean --chown?'],
    );
  });

  test('skipped rules are not found, by the directive and by a comment', async () => {
    assert.deepEqual(await found('# check=skip=LegacyKeyValueFormat\nFROM scratch\nENV NAME value\n'), []);
    assert.deepEqual(await found('FROM scratch\n# check=skip=LegacyKeyValueFormat\nENV NAME value\n'), []);
  });

  test('error=true ends --check and a build with exit code 1', async () => {
    const dockerfile = '# check=error=true\nFROM scratch\nENV NAME value\n';
    assert.equal((await call(dockerfile, '--check')).code, 1);
    const outcome = await call(dockerfile, '-o', `type=oci,dest=${bench.path('refused')}`);
    assert.equal(outcome.code, 1, transcript(outcome));
    assert.match(outcome.stderr, /\[E_LINT\]/);
    assert.match(outcome.stderr, /Dockerfile:3:1/);
  });

  test('a build says what the linter found and goes on', async () => {
    const outcome = await call('FROM scratch\nENV NAME value\n', '-o', `type=oci,dest=${bench.path('built')}`);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stderr, /\[LegacyKeyValueFormat\]/);
  });

  test('what holds for each platform is said once', async () => {
    const platforms = ['--platform', 'linux/amd64,linux/arm64', '--progress', 'plain'];
    const outcome = await call('FROM scratch\nENV A b\n', '-o', `type=oci,dest=${bench.path('two')}`, ...platforms);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(outcome.stderr.match(/\[LegacyKeyValueFormat\]/g)?.length, 1, transcript(outcome));
  });

  test('a frontend that is not ours is a warning, and the build goes on with ours', async () => {
    const dockerfile = '# syntax=example.com/other/frontend:3\nFROM scratch\nLABEL a=b\n';
    const outcome = await call(dockerfile, '-o', `type=oci,dest=${bench.path('ours')}`);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stderr, /\[UnknownFrontend\]/);
  });

  test('an unknown frontend ends no build, whatever the check directive says', async () => {
    const dockerfile = '# syntax=docker/dockerfile:1.99\n# check=error=true\nFROM scratch\nLABEL a=b\n';
    assert.equal((await call(dockerfile, '--check')).code, 0);
    const outcome = await call(dockerfile, '-o', `type=oci,dest=${bench.path('newer')}`);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stderr, /\[UnknownFrontend\]/);
  });
});
