// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildEvent } from '@varve/engine';
import { reportOf } from '../src/errors/report.js';
import { BuildTally } from '../src/progress/tally.js';
import { TtyRenderer } from '../src/progress/tty.js';
import { paint } from '../src/terminal/colour.js';
import { displayWidth } from '../src/terminal/width.js';
import { assertGolden } from './golden.js';
import { badBuildError, goodBuild, goodResult } from './recorded-build.js';
import { Recorder } from './recorder.js';
import { Screen } from './screen.js';

function terminal(unicode = true) {
  const out = new Recorder(true);
  const tally = new BuildTally();
  let clock = 0;
  const renderer = new TtyRenderer({ out, paint: paint(false), unicode, tally, now: () => clock });
  return {
    out,
    renderer,
    at(time: number) {
      clock = time;
    },
    feed(events: readonly BuildEvent[]) {
      for (const event of events) {
        clock = event.time;
        tally.observe(event);
        renderer.event(event);
      }
    },
    screen: () => new Screen(out.columns, out.rows).feed(out.text).text(),
  };
}

const until = (time: number) => goodBuild.filter(event => event.time <= time);

test('what runs is shown with its output, what is over in one line', () => {
  const { renderer, feed, at, screen } = terminal();
  feed(until(500));
  renderer.draw();
  assertGolden('tty-pull.txt', screen());
  feed(goodBuild.filter(event => event.time > 500 && event.time <= 2330));
  at(2600);
  renderer.draw();
  assertGolden('tty-run.txt', screen());
  feed(goodBuild.filter(event => event.time > 2330));
  renderer.succeeded(goodResult);
  assertGolden('tty-good.txt', screen());
});

test('what was stopped looks neither done nor failed', () => {
  const { renderer, feed, screen } = terminal();
  feed(until(2330));
  const [stage, step, label] = [0, 2, 'RUN make'];
  feed([{ type: 'stepFinished', time: 2400, stage, step, label, result: { kind: 'stopped' } }]);
  renderer.superseded();
  assert.match(screen(), /^■ RUN make +stopped\nstopped: something changed$/m);
});

test('without UTF-8 everything is ASCII', () => {
  const { renderer, feed, out } = terminal(false);
  feed(until(2330));
  feed([{ type: 'stepOutput', time: 2400, stage: 0, step: 2, stream: 'stdout', text: 'Grüße 你好\n' }]);
  renderer.draw();
  renderer.failed(reportOf(badBuildError(), { debug: false }));
  assert.match(out.text, /Gr\?\?e|Gr\?e/);
  assert.match(out.text, /^[\x00-\x7f]*$/);
});

test('no line is wider than the terminal and the frame is never taller', () => {
  for (const [columns, rows] of [
    [20, 5],
    [40, 8],
    [200, 50],
    [9, 3],
  ] as const) {
    const { renderer, feed, out } = terminal();
    out.columns = columns;
    out.rows = rows;
    feed(until(2330));
    feed([
      {
        type: 'stepOutput',
        time: 2400,
        stage: 0,
        step: 2,
        stream: 'stdout',
        text: `${'你好'.repeat(80)}\n${'x'.repeat(500)}\n`,
      },
    ]);
    for (let stage = 5; stage < 15; stage++) {
      feed([{ type: 'stepStarted', time: 2500, stage, step: 0, label: `[s${stage} 1/1] RUN ${'long '.repeat(30)}` }]);
    }
    out.writes.length = 0;
    renderer.draw();
    const frame = /\x1b\[\?7l(.*)\x1b\[\?7h/s.exec(out.text)?.[1]?.trimEnd().split('\n') ?? [];
    assert.ok(frame.length > 0 && frame.length < Math.max(rows, 3), `${frame.length} lines of ${rows}`);
    for (const line of frame) assert.ok(displayWidth(line) <= Math.max(columns, 12), `${columns}: ${line}`);
    renderer.succeeded(goodResult);
  }
});

test('a terminal that becomes narrower does not keep parts of old frames', () => {
  const { renderer, feed, out } = terminal();
  feed(until(2330));
  renderer.draw();
  const wide = out.text;
  out.writes.length = 0;
  out.resize(30, 20);
  renderer.succeeded(goodResult);
  const screen = new Screen(60, 40).feed(wide).reflow(30).feed(out.text).text();
  assert.equal(screen.match(/RUN make/g)?.length ?? 0, 0, screen);
  assert.doesNotMatch(screen, /steps done/);
});

test('the terminal is left as it was: lines wrap, nothing listens, nothing ticks', () => {
  const { renderer, feed, out } = terminal();
  feed(until(2330));
  renderer.draw();
  assert.equal(out.listeners, 1);
  renderer.interrupting();
  renderer.failed(reportOf(new Error('x'), { debug: false, interruptedBy: 'SIGINT' }));
  assert.equal(out.listeners, 0);
  assert.equal(out.text.split('\x1b[?7l').length, out.text.split('\x1b[?7h').length);
  assert.ok(out.text.lastIndexOf('\x1b[?7h') > out.text.lastIndexOf('\x1b[?7l'));
  assert.doesNotMatch(out.text, /\x1b\[\?25l/);
});
