import type { Dockerfile } from './dockerfile.js';
import { buildInstruction } from './instructions/build.js';
import { splitLines } from './lines.js';
import { readStatements } from './parse.js';
import { printInstruction } from './print-instruction.js';
import type { Position } from './source.js';

/** An instruction as it stands in the text; the numbers are offsets. */
interface Written {
  readonly canonical: string;
  /** Where the comments and blank lines before it begin. */
  readonly lead: number;
  readonly start: number;
  readonly end: number;
  /** Where the next line begins; after the last instruction the end of the text. */
  readonly next: number;
}

/**
 * Prints a parsed file. An instruction that is as it was parsed keeps its text, layout and the comments before it; one
 * that was changed is printed anew in its place (`printInstruction`), one that was added gets a line of its own, one
 * that was taken away is left out with the comments before it. An unchanged file gives its own text.
 */
export function printDockerfile(file: Dockerfile): string {
  const { text } = file;
  const written = writtenInstructions(file);
  let printed = text.slice(0, headEnd(file));
  const instructions = [...file.metaArgs, ...file.stages.flatMap(stage => [stage.from, ...stage.instructions])];
  for (const instruction of instructions) {
    const canonical = printInstruction(instruction, { escape: file.directives.escape });
    const key = keyOf(instruction.range.start);
    const place = instruction.range.file === file.file ? written.get(key) : undefined;
    if (printed !== '' && !printed.endsWith('\n')) printed += '\n';
    if (place === undefined) {
      printed += `${canonical}\n`;
      continue;
    }
    written.delete(key);
    const body = canonical === place.canonical ? text.slice(place.start, place.end) : canonical;
    printed += text.slice(place.lead, place.start) + body + text.slice(place.end, place.next);
  }
  return printed;
}

/** The end of the directives, which stay whatever follows. */
function headEnd({ text, directives }: Dockerfile): number {
  const { syntax, check } = directives;
  if (syntax === undefined && check === undefined && directives.escape === '\\') return 0;
  const lines = splitLines(text);
  const end = lines.findIndex((line, index) => !(index === 0 && line.startsWith('#!')) && !isDirective(line));
  return lines.slice(0, Math.max(end, 0)).join('').length;
}

function isDirective(line: string): boolean {
  return /^\s*#\s*(?:syntax|escape|check)\s*=\s*\S/i.test(line);
}

function writtenInstructions(file: Dockerfile): Map<string, Written> {
  const { text } = file;
  const starts = lineStarts(text);
  const offset = ({ line, column }: Position): number => (starts[line - 1] ?? 0) + column - 1;
  const statements = Array.from(readStatements(text, file.file).statements);
  const places = new Map<string, Written>();
  let lead = headEnd(file);
  for (const [index, statement] of statements.entries()) {
    const instruction = buildInstruction(statement, { escapeChar: file.directives.escape });
    const { start, end } = instruction.range;
    const canonical = printInstruction(instruction, { escape: file.directives.escape });
    const next = index + 1 < statements.length ? (starts[end.line] ?? text.length) : text.length;
    places.set(keyOf(start), { canonical, lead, start: offset(start), end: offset(end), next });
    lead = next;
  }
  return places;
}

function keyOf({ line, column }: Position): string {
  return `${line}:${column}`;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
