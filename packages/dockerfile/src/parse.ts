import { CommentBlock } from './comment-block.js';
import { decodeText } from './decode.js';
import { readDirectives } from './directives.js';
import type { Dockerfile, Stage } from './dockerfile.js';
import { DockerfileError } from './errors.js';
import { frontendWarning } from './frontend.js';
import { readHeredocs } from './heredoc.js';
import type { ArgInstruction, FromInstruction, Instruction } from './instruction.js';
import { buildInstruction } from './instructions/build.js';
import { checkTrigger } from './instructions/onbuild.js';
import { isBlankLine, isComment, joinLine, lineRange, splitLines, withoutLineEnd } from './lines.js';
import type { SourceRange } from './source.js';
import { mayHaveHeredocs, readStatement, type Statement, withHeredocs } from './statement.js';

export interface ParseOptions {
  /** The file's name, for places and messages; `Dockerfile` by default. */
  readonly file?: string;
}

/** The statements of a text, before keywords are judged. */
export interface StatementReading {
  readonly directives: Dockerfile['directives'];
  /** Read one at a time, once; reading on throws at a mistake. */
  readonly statements: Iterable<Statement>;
  readonly text: string;
}

/**
 * Splits a text into statements.
 *
 * @throws DockerfileError
 */
export function readStatements(input: string | Uint8Array, file: string): StatementReading {
  const { text, brokenLines } = decodeText(input);
  const lines = splitLines(text);
  const { directives, lines: directiveLines } = readDirectives(lines, file);
  const body = { lines, brokenLines, file };
  return { directives, statements: statementsOf(body, directiveLines, directives.escape), text };
}

function* statementsOf(body: Body, from: number, escapeChar: '\\' | '`'): Generator<Statement> {
  const { lines, brokenLines, file } = body;
  const above = new CommentBlock();
  let found = false;
  let at = from;
  while (at < lines.length) {
    const raw = lines[at] ?? '';
    if (isComment(raw) || isBlankLine(raw)) {
      above.pass(raw);
      at++;
      continue;
    }
    const line = joinLine(lines, at, { file, escapeChar });
    const begun = at;
    at = line.lastLine;
    let statement = readStatement(line, escapeChar, above.take());
    if (line.text.includes('<<') && mayHaveHeredocs(statement)) {
      const { heredocs, next, end } = readHeredocs(line, lines, at);
      at = next;
      if (heredocs.length > 0) statement = withHeredocs(statement, heredocs, end);
    }
    if (brokenLines.size > 0) refuseBroken(body, begun, at);
    found = true;
    yield statement;
  }
  if (!found) throw new DockerfileError('E_NO_INSTRUCTIONS', 'the file has no instructions', lineRange(file, 1, ''));
}

interface Body {
  readonly lines: readonly string[];
  readonly brokenLines: ReadonlySet<number>;
  readonly file: string;
}

function refuseBroken({ lines, brokenLines, file }: Body, from: number, to: number): void {
  for (let index = from; index < to; index++) {
    const line = lines[index] ?? '';
    if (!brokenLines.has(index + 1) || isComment(line)) continue;
    const range = lineRange(file, index + 1, withoutLineEnd(line));
    throw new DockerfileError('E_NOT_UTF8', 'this line is not UTF-8', range, 'save the file as UTF-8');
  }
}

/**
 * Parses a Dockerfile.
 *
 * @param text the file; bytes are decoded as UTF-8, a byte order mark is dropped
 * @throws DockerfileError for everything that the language does not allow
 */
export function parseDockerfile(text: string | Uint8Array, options: ParseOptions = {}): Dockerfile {
  const file = options.file ?? 'Dockerfile';
  const reading = readStatements(text, file);
  const { directives } = reading;
  const metaArgs: ArgInstruction[] = [];
  const stages: OpenStage[] = [];
  let last: SourceRange | undefined;
  for (const statement of reading.statements) {
    const instruction = buildInstruction(statement, { escapeChar: directives.escape });
    const stage = stages.at(-1);
    last = statement.range;
    if (instruction.keyword === 'FROM') stages.push({ from: instruction, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') metaArgs.push(instruction);
    else {
      const message = `${instruction.keyword} stands before the first FROM`;
      const range = statement.keyword.range;
      throw new DockerfileError('E_INSTRUCTION_BEFORE_FROM', message, range, 'only ARG may: begin with FROM <image>');
    }
  }
  if (stages.length === 0) {
    const range = last ?? lineRange(file, 1, '');
    throw new DockerfileError('E_NO_STAGE', 'the file has no FROM', range, 'begin a stage with FROM <image>');
  }
  const warning = directives.syntax && frontendWarning(directives.syntax);
  const warnings = warning === undefined ? [] : [warning];
  return { file, text: reading.text, directives, metaArgs, stages: stages.map(closeStage), warnings };
}

interface OpenStage {
  readonly from: FromInstruction;
  readonly instructions: Instruction[];
}

function closeStage({ from, instructions }: OpenStage, index: number): Stage {
  const last = instructions.at(-1) ?? from;
  const written = from.stageName?.value;
  return {
    index,
    ...(written === undefined ? {} : { name: written.toLowerCase(), nameAsWritten: written }),
    from,
    instructions,
    range: { ...from.range, end: last.range.end },
  };
}

/**
 * Parses an ONBUILD trigger as an image's config stores it.
 *
 * @param expression one instruction, with its heredocs
 * @throws DockerfileError; E_BAD_TRIGGER when it is not one instruction, or one that may not be a trigger
 */
export function parseTrigger(expression: string, options: ParseOptions = {}): Instruction {
  const { statements, directives } = readStatements(expression, options.file ?? 'ONBUILD');
  const [statement, second] = Array.from(statements);
  if (statement === undefined || second !== undefined) {
    const range = second?.range ?? lineRange(options.file ?? 'ONBUILD', 1, '');
    throw new DockerfileError('E_BAD_TRIGGER', 'an ONBUILD trigger is one instruction', range);
  }
  checkTrigger(statement);
  return buildInstruction(statement, { escapeChar: directives.escape });
}
