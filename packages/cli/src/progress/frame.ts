import { showDuration } from '../show/duration.js';
import { showSize } from '../show/size.js';
import type { Paint } from '../terminal/colour.js';
import { oneLine, sanitizeLine } from '../terminal/sanitize.js';
import { displayWidth, fit } from '../terminal/width.js';
import type { Transfer } from './transfers.js';

/** Most lines of output under a running step. */
const mostOutput = 6;

/** What a frame draws with. */
export interface Look {
  readonly paint: Paint;
  readonly symbols: Symbols;
  readonly columns: number;
  readonly rows: number;
}

export interface Symbols {
  readonly spinner: readonly string[];
  readonly done: string;
  readonly failed: string;
  readonly stopped: string;
  readonly bar: string;
  readonly ellipsis: string;
}

export const unicodeSymbols: Symbols = {
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  done: '✔',
  failed: '✘',
  stopped: '■',
  bar: '│',
  ellipsis: '…',
};

export const asciiSymbols: Symbols = {
  spinner: ['|', '/', '-', '\\'],
  done: '+',
  failed: 'x',
  stopped: '#',
  bar: '|',
  ellipsis: '...',
};

/** A step that runs. */
export interface RunningStep {
  readonly label: string;
  readonly elapsed: number;
  readonly lines: readonly string[];
}

export interface FrameState {
  readonly running: readonly RunningStep[];
  readonly transfers: readonly Transfer[];
  /** The last line: how far the build is. */
  readonly status: string;
  /** Counts the drawings; turns the spinner. */
  readonly tick: number;
}

/** The live lines, at most one less than the terminal has, each at most as wide as it. */
export function frameLines(state: FrameState, look: Look): readonly string[] {
  const { symbols, paint, rows } = look;
  const spin = paint.cyan(symbols.spinner[state.tick % symbols.spinner.length] ?? '');
  const room = Math.max(1, rows - 2);
  const heads = state.running.length + state.transfers.length;
  const outputRoom = state.running.length === 0 ? 0 : Math.floor((room - heads) / state.running.length);
  const perStep = Math.max(0, Math.min(mostOutput, outputRoom));
  const blocks = [
    ...state.running.map(step => stepBlock(step, perStep, spin, look)),
    ...state.transfers.map(transfer => [transferLine(transfer, spin, look)]),
  ];
  const shown = heads > room ? blocks.slice(0, Math.max(0, room - 1)) : blocks;
  const hidden = heads - shown.length;
  const more = hidden > 0 ? [paint.dim(fit(`  and ${hidden} more`, look.columns, symbols.ellipsis))] : [];
  return [...shown.flat(), ...more, paint.dim(fit(state.status, look.columns, symbols.ellipsis))];
}

/** A line with something at its right edge. */
export function edgeLine(left: string, right: string, look: Look): string {
  const width = displayWidth(right);
  const room = look.columns - width - 2;
  const text = fit(left, Math.max(8, room), look.symbols.ellipsis);
  return `${text}${' '.repeat(Math.max(1, look.columns - 1 - displayWidth(text) - width))}${look.paint.dim(right)}`;
}

/** Text of others for this terminal: harmless, in one line, and in ASCII where nothing else can be shown. */
export function shownText(text: string, look: Look): string {
  const line = oneLine(text);
  return look.symbols === asciiSymbols ? toAscii(line) : line;
}

/** A line of output for this terminal. */
function shownOutput(line: string, look: Look): string {
  const clean = sanitizeLine(line, { colours: look.paint.enabled });
  return look.symbols === asciiSymbols ? toAscii(clean) : clean;
}

function toAscii(text: string): string {
  return text.replace(/[\u0080-\u{10ffff}]/gu, '?');
}

function stepBlock(step: RunningStep, outputLines: number, spin: string, look: Look): readonly string[] {
  const { columns, symbols, paint } = look;
  const head = edgeLine(`${spin} ${shownText(step.label, look)}`, showDuration(step.elapsed), look);
  const output = step.lines
    .slice(step.lines.length - Math.min(outputLines, step.lines.length))
    .map(line => `  ${paint.dim(symbols.bar)} ${fit(shownOutput(line, look), columns - 5, symbols.ellipsis)}`);
  return [head, ...output];
}

function transferLine(transfer: Transfer, spin: string, look: Look): string {
  const { current, total } = transfer;
  const amount =
    current === undefined ? '' : total === undefined ? showSize(current) : `${showSize(current)} / ${showSize(total)}`;
  const right = [amount, showDuration(transfer.elapsed)].filter(part => part !== '').join('  ');
  return edgeLine(`${spin} ${shownText(transfer.label, look)}`, right, look);
}
