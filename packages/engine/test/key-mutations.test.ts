import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { imageOf, type Planning, planOf } from './planning-support.js';

/** Lines of a Dockerfile by name. Those with a key are in {@link steps}. */
const lines = {
  fromTools: 'FROM tools:1 AS tools',
  toolsRun: 'RUN make tools',
  toolsCopy: 'COPY lib /lib',
  fromBuild: 'FROM base:1 AS build',
  buildArg: 'ARG mode=fast',
  buildEnv: 'ENV FLAGS=-O2',
  buildDir: 'WORKDIR /src',
  buildCopy: 'COPY --chown=5:6 src app.txt ./',
  buildScript: 'RUN <<EOF\n#!/bin/sh\ncompile one\ncompile two\nEOF',
  buildRun: 'RUN --mount=from=tools,source=/bin,target=/t --mount=source=lib,target=/m make all',
  buildDoc: 'COPY --chmod=640 <<conf /etc/conf\nkey = value\nconf',
  fromApp: 'FROM base:1 AS app',
  appLinked: 'COPY --link src/main.c /main.c',
  appFrom: 'COPY --from=build /src/out /out',
  appUser: 'USER 7',
  appAdd: 'ADD --exclude=*.md src /added',
  appRun: 'RUN ["check", "it"]',
  appCmd: 'CMD ["run"]',
} as const;

type Line = keyof typeof lines;

/** What a step stands on, and the stages (by their last step) that it reads. A linked one does not know what is below it. */
interface Step {
  readonly below?: Line;
  readonly reads?: readonly Line[];
  readonly linked?: true;
}

const steps: Readonly<Partial<Record<Line, Step>>> = {
  toolsRun: {},
  toolsCopy: { below: 'toolsRun' },
  buildDir: {},
  buildCopy: { below: 'buildDir' },
  buildScript: { below: 'buildCopy' },
  buildRun: { below: 'buildScript', reads: ['toolsCopy'] },
  buildDoc: { below: 'buildRun' },
  appLinked: { linked: true },
  appFrom: { below: 'appLinked', reads: ['buildDoc'] },
  appAdd: { below: 'appFrom' },
  appRun: { below: 'appAdd' },
};
const names = Object.keys(steps) as Line[];

/** All steps that move when some do: what stands on them, and what reads them. */
function movedBy(direct: readonly Line[]): Line[] {
  const files = new Set<Line>();
  return names.filter(name => {
    const { below, reads = [], linked } = steps[name] as Step;
    const isBelowMoved = below !== undefined && files.has(below);
    const moves = direct.includes(name) || reads.some(other => files.has(other)) || (isBelowMoved && !linked);
    if (moves || isBelowMoved) files.add(name);
    return moves;
  });
}

const root = mkdtempSync(join(tmpdir(), 'varve-mutations-'));
after(() => rmSync(root, { recursive: true, force: true }));
const at = (path: string): string => join(root, path);

function makeContext(): void {
  for (const name of ['src', 'lib', 'app.txt', 'beside']) rmSync(at(name), { recursive: true, force: true });
  mkdirSync(at('src/deep'), { recursive: true });
  mkdirSync(at('lib'));
  writeFileSync(at('src/main.c'), 'main');
  writeFileSync(at('src/deep/part.c'), 'part');
  writeFileSync(at('src/notes.md'), 'notes');
  symlinkSync('main.c', at('src/link'));
  writeFileSync(at('lib/one'), 'one');
  writeFileSync(at('app.txt'), 'app');
  writeFileSync(at('beside'), 'beside');
}

function replaceLink(make: (path: string) => void): void {
  rmSync(at('src/link'));
  make(at('src/link'));
}

const plain = { buildArgs: {}, images: { 'base:1': imageOf(['b']), 'tools:1': imageOf(['t']) } } as const;

async function keysOf(text: Readonly<Record<string, string>> = {}, more: Planning = {}): Promise<Map<Line, string>> {
  const all = Object.entries({ ...lines, ...text });
  const plan = await planOf(`${all.map(([, line]) => line).join('\n')}\n`, { dir: root, ...plain, ...more });
  // An instruction is known by its line: lines of the text say where each begins.
  const starts = new Map<number, Line>();
  let number = 1;
  for (const [name, line] of all) {
    starts.set(number, name as Line);
    number += line.split('\n').length;
  }
  const keys = new Map<Line, string>();
  for (const { step, key } of plan.stages.flatMap(stage => stage.steps)) {
    const name = starts.get(step.instruction.range.start.line);
    if (name !== undefined && key !== undefined) keys.set(name, key);
  }
  return keys;
}

interface Mutation {
  readonly what: string;
  readonly text?: Readonly<Partial<Record<Line, string>>>;
  readonly planning?: Planning;
  readonly files?: () => void;
  /** Steps that it decides by itself. */
  readonly moves: readonly Line[];
}

const inSrc: readonly Line[] = ['buildCopy', 'appAdd'];
const everyRunOfBuild: readonly Line[] = ['buildScript', 'buildRun'];
const line = (name: Line, text: string, moves: readonly Line[] = [name]): Mutation => ({
  what: text.replaceAll('\n', '⏎'),
  text: { [name]: text },
  moves,
});
const file = (what: string, files: () => void, moves: readonly Line[] = inSrc): Mutation => ({ what, files, moves });

const ofText: readonly Mutation[] = [
  line('toolsRun', 'RUN make  tools'),
  line('toolsRun', 'RUN ["/bin/sh", "-c", "make", "tools"]'),
  line('toolsRun', 'RUN ["/bin/sh", "-c make tools"]'),
  line('toolsRun', 'RUN --network=none make tools'),
  line('toolsCopy', 'COPY lib /lib/'),
  line('toolsCopy', 'COPY lib /lib2'),
  line('toolsCopy', 'COPY lib/one /lib'),
  line('buildArg', 'ARG mode=slow', everyRunOfBuild),
  line('buildArg', 'ARG mode=', everyRunOfBuild),
  line('buildArg', 'ARG mode', everyRunOfBuild),
  line('buildEnv', 'ENV FLAGS=-O3', everyRunOfBuild),
  line('buildEnv', 'ENV FLAG=S-O2', everyRunOfBuild),
  line('buildEnv', 'ENV FLAGS=-O2 MORE=', everyRunOfBuild),
  line('buildDir', 'WORKDIR /src2', ['buildDir', 'buildCopy', ...everyRunOfBuild]),
  line('buildCopy', 'COPY --chown=5 src app.txt ./'),
  line('buildCopy', 'COPY --chown=6:5 src app.txt ./'),
  line('buildCopy', 'COPY --chown=5:6 app.txt src ./'),
  line('buildCopy', 'COPY --chown=5:6 --chmod=644 src app.txt ./'),
  line('buildCopy', 'COPY --chown=5:6 --exclude=link src app.txt ./'),
  line('buildCopy', 'COPY --chown=5:6 --parents src app.txt ./'),
  line('buildScript', 'RUN <<EOF\n#!/bin/sh\ncompile one\ncompile 2\nEOF'),
  line('buildScript', 'RUN <<EOF\n#!/bin/sh\ncompile one\n\ncompile two\nEOF'),
  line('buildScript', 'RUN <<EOF\n#!/bin/bash\ncompile one\ncompile two\nEOF'),
  line('buildScript', 'RUN <<END\n#!/bin/sh\ncompile one\ncompile two\nEND'),
  line('buildScript', 'RUN <<EOF\ncompile one\ncompile two\nEOF'),
  line('buildRun', 'RUN --mount=from=tools,source=/bin,target=/t --mount=source=lib,target=/m2 make all'),
  line('buildRun', 'RUN --mount=from=tools,source=/sbin,target=/t --mount=source=lib,target=/m make all'),
  line('buildRun', 'RUN --mount=from=tools,source=/bin,target=/t,rw --mount=source=lib,target=/m make all'),
  line('buildRun', 'RUN --mount=from=tools,source=/bin,target=/m --mount=source=lib,target=/t make all'),
  line('buildRun', 'RUN --mount=source=lib,target=/m --mount=from=tools,source=/,target=/t make all'),
  line('buildRun', `${lines.buildRun.replace(' make', ' --mount=type=tmpfs,target=/z make')}`),
  line('buildRun', `${lines.buildRun.replace(' make', ' --mount=type=secret,id=s make')}`),
  line('buildRun', `${lines.buildRun.replace(' make', ' --mount=type=ssh make')}`),
  line('buildRun', `${lines.buildRun.replace(' make', ' --mount=type=cache,target=/z make')}`),
  line('buildDoc', 'COPY --chmod=640 <<conf /etc/conf\nkey = other\nconf'),
  line('buildDoc', 'COPY --chmod=600 <<conf /etc/conf\nkey = value\nconf'),
  line('buildDoc', 'COPY --chmod=640 <<conf2 /etc/conf\nkey = value\nconf2'),
  line('buildDoc', 'COPY --chmod=640 <<conf <<more /etc/conf/\nkey = value\nconf\nmore'),
  line('appLinked', 'COPY --link src/main.c /main2.c'),
  line('appLinked', 'COPY --link --chown=3 src/main.c /main.c'),
  line('appFrom', 'COPY --from=build /src/out2 /out'),
  line('appFrom', 'COPY --from=build /src/out /out/'),
  line('appUser', 'USER 7:7', ['appRun']),
  line('appAdd', 'ADD --exclude=*.txt src /added'),
  line('appAdd', 'ADD src /added'),
  line('appAdd', 'COPY --exclude=*.md src /added'),
  line('appRun', 'RUN ["check", "it", ""]'),
  line('appRun', 'RUN ["check it"]'),
  line('appRun', 'RUN check it'),
];

const ofFiles: readonly Mutation[] = [
  file('content', () => writeFileSync(at('src/deep/part.c'), 'PART')),
  file('content of what is linked too', () => writeFileSync(at('src/main.c'), 'MAIN'), [...inSrc, 'appLinked']),
  file('content that is excluded', () => writeFileSync(at('src/notes.md'), 'other'), ['buildCopy']),
  file('a mode bit', () => chmodSync(at('src/deep/part.c'), 0o645)),
  file('a mode of a folder', () => chmodSync(at('src/deep'), 0o711)),
  file('a name', () => renameSync(at('src/deep/part.c'), at('src/deep/part.h'))),
  file('a place', () => renameSync(at('src/deep/part.c'), at('src/part.c'))),
  file('a link target', () => replaceLink(path => symlinkSync('main.h', path))),
  file('a file that says what a link said', () => replaceLink(path => writeFileSync(path, 'main.c'))),
  file('a new empty folder', () => mkdirSync(at('src/empty'))),
  file('a new empty file', () => writeFileSync(at('src/empty'), '')),
  file('a hard link', () => linkSync(at('src/deep/part.c'), at('src/deep/twin'))),
  file('a copy', () => writeFileSync(at('src/deep/twin'), 'part')),
  file('a file that is gone', () => rmSync(at('src/deep/part.c'))),
  file('what a mount and another stage read', () => writeFileSync(at('lib/one'), 'ONE'), ['toolsCopy', 'buildRun']),
  file('the second source of a COPY', () => writeFileSync(at('app.txt'), 'APP'), ['buildCopy']),
];

const ofCall: readonly Mutation[] = [
  { what: 'a build argument', planning: { buildArgs: { mode: 'other' } }, moves: everyRunOfBuild },
  {
    what: 'the network',
    planning: { network: 'host', allow: ['network.host'] },
    moves: ['toolsRun', 'buildScript', 'buildRun', 'appRun'],
  },
  { what: 'a limit', planning: { settings: ['ulimit nofile=1'] }, moves: ['toolsRun', ...everyRunOfBuild, 'appRun'] },
  {
    what: 'the layers of a base',
    planning: { images: { ...plain.images, 'tools:1': imageOf(['t', 'u']) } },
    moves: ['toolsRun'],
  },
  { what: 'the clamp of times', planning: { commonFields: { clamp: '1' } }, moves: names },
  { what: 'the platform', planning: { platform: { os: 'linux', architecture: 'arm64' } }, moves: names },
  {
    what: 'what is ignored',
    planning: { ignoreFile: at('ignore') },
    files: () => writeFileSync(at('ignore'), 'src/deep\n'),
    moves: inSrc,
  },
];

const nothing: readonly Mutation[] = [
  { what: 'CMD', text: { appCmd: 'CMD ["other"]' }, moves: [] },
  { what: 'labels and ports in its place', text: { appCmd: 'LABEL a=b' }, moves: [] },
  { what: 'the name of a stage', text: { fromApp: 'FROM base:1 AS other' }, moves: [] },
  line('buildArg', 'ARG mode="fast"', []),
  line('buildEnv', 'ENV FLAGS="-O2"', []),
  line('buildEnv', 'ENV FLAGS -O2', []),
  line('buildDir', 'WORKDIR /x/../src/', []),
  line('appRun', 'RUN [ "check" ,  "it" ]', []),
  line('toolsRun', 'run \\\n  make tools', []),
  { what: 'an argument that nobody declares', planning: { buildArgs: { other: 'x' } }, moves: [] },
  { what: 'proxies that nobody declares', planning: { buildArgs: { HTTP_PROXY: 'http://p' } }, moves: [] },
  {
    what: 'config of a base that no step sees',
    planning: { images: { ...plain.images, 'tools:1': imageOf(['t'], { Labels: { a: 'b' }, Cmd: ['x'] }) } },
    moves: [],
  },
  file('a file that nothing reads', () => writeFileSync(at('beside'), 'other'), []),
  file('times', () => {
    for (const path of ['src', 'src/main.c', 'lib/one', 'app.txt']) utimesSync(at(path), 1, 1);
    lutimesSync(at('src/link'), 1, 1);
  }, []),
];

describe('one change at a time', () => {
  let original = new Map<Line, string>();
  /** Every key that a step had so far, and after which change: two changes that decide a step never give it one key. */
  const seen = new Map<string, string>();
  before(async () => {
    makeContext();
    original = await keysOf();
    assert.deepEqual([...original.keys()].sort(), names.toSorted());
    assert.equal(new Set(original.values()).size, names.length);
  });

  for (const [group, mutations] of Object.entries({ line: ofText, file: ofFiles, call: ofCall, nothing }))
    for (const { what, text, planning, files, moves } of mutations)
      it(`${group}: ${what}`, async () => {
        makeContext();
        files?.();
        const keys = await keysOf(text, planning);
        const moved = names.filter(name => keys.get(name) !== original.get(name));
        assert.deepEqual(moved, movedBy(moves));
        for (const name of moves) {
          const key = keys.get(name) as string;
          const other = seen.get(`${name} ${key}`);
          assert.equal(other, undefined, `the same key as after ${other}`);
          seen.set(`${name} ${key}`, what);
        }
      });
});
