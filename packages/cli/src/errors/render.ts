import type { Paint } from '../terminal/colour.js';
import { oneLine, plainText, sanitizeLine } from '../terminal/sanitize.js';
import { excerptLines } from './excerpt.js';
import type { ErrorReport } from './report.js';

/** An error as a person reads it: what is wrong and where, what the step said last, what to do. Ends with a line end. */
export function renderError(report: ErrorReport, paint: Paint): string {
  const blocks = [
    head(report, paint),
    output(report, paint),
    place(report, paint),
    problems(report),
    footer(report, paint),
  ];
  return `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n')}\n`;
}

function head(report: ErrorReport, paint: Paint): readonly string[] {
  return [
    `${paint.bold(paint.red('error:'))} ${paint.bold(plainText(report.message))} ${paint.dim(`[${report.code}]`)}`,
  ];
}

function place({ where, source }: ErrorReport, paint: Paint): readonly string[] {
  if (where === undefined) return [];
  const at = `  ${paint.dim('at')} ${oneLine(where.file)}:${where.line}:${where.column}`;
  return source === undefined ? [at] : [at, ...excerptLines(source, where, paint)];
}

function output(report: ErrorReport, paint: Paint): readonly string[] {
  if (report.output === undefined || report.output.lines.length === 0) return [];
  const lines = report.output.lines.map(line =>
    `  ${paint.dim('|')} ${sanitizeLine(line, { colours: paint.enabled })}`.trimEnd(),
  );
  return [`  ${paint.dim('last output of')} ${oneLine(report.output.label)}${paint.dim(':')}`, ...lines];
}

function problems(report: ErrorReport): readonly string[] {
  return (report.problems ?? []).map(problem => `  - ${plainText(problem)}`);
}

function footer(report: ErrorReport, paint: Paint): readonly string[] {
  const hint = report.hint === undefined ? [] : [`  ${paint.cyan('hint:')} ${plainText(report.hint)}`];
  return report.stack === undefined ? hint : [...hint, '', ...report.stack.split('\n').map(line => paint.dim(line))];
}
