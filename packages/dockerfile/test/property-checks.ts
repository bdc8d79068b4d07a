import assert from 'node:assert/strict';
import type { Dockerfile } from '../src/dockerfile.js';
import { DockerfileError, errorCodes } from '../src/errors.js';
import { expandWord, expandWords } from '../src/expand/expand.js';
import { expandInstruction } from '../src/expand/instruction.js';
import { compileIgnore, compilePatterns } from '../src/ignore/matcher.js';
import type { IgnoreScope } from '../src/ignore/scope.js';
import type { Instruction } from '../src/instruction.js';
import { lint } from '../src/lint/lint.js';
import { parseDockerfile } from '../src/parse.js';
import { printDockerfile } from '../src/print.js';
import { printInstruction } from '../src/print-instruction.js';
import type { SourceRange } from '../src/source.js';
import { plainPatterns } from './plain-patterns.js';

/** Everything that must hold for one text each; shared by the tests and the fuzz run. */

function allInstructions(file: Dockerfile): readonly Instruction[] {
  return [...file.metaArgs, ...file.stages.flatMap(stage => [stage.from, ...stage.instructions])];
}

/** What an instruction means: everything but where and how it is written. */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const layout = [
    'range',
    'original',
    'expression',
    'flags',
    'comments',
    'keywordAsWritten',
    'as',
    'emptyContinuation',
    'checks',
    'text',
  ];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !layout.includes(key))
      .map(([key, member]) => [key, meaning(member)]),
  );
}

function assertInside(range: SourceRange, text: string): void {
  const lines = text.split('\n');
  const { start, end } = range;
  assert.ok(start.line >= 1 && start.column >= 1, JSON.stringify(range));
  assert.ok(end.line > start.line || (end.line === start.line && end.column >= start.column), JSON.stringify(range));
  assert.ok(end.line <= Math.max(lines.length, 1), JSON.stringify(range));
  assert.ok(end.column <= (lines[end.line - 1] ?? '').length + 1, JSON.stringify(range));
}

function assertOwnError(error: unknown, text: string): void {
  assert.ok(error instanceof DockerfileError, String(error instanceof Error ? error.stack : error));
  assert.ok(Object.hasOwn(errorCodes, error.code));
  assertInside(error.range, text);
}

/** A file that must parse: printing gives its text; printed anew instruction by instruction it means the same. */
export function checkPrinting(text: string): void {
  checkPrinted(parseDockerfile(text), text);
}

function checkPrinted(file: Dockerfile, text: string): void {
  assert.equal(printDockerfile(file), text);
  const { escape: escapeChar } = file.directives;
  const anew = allInstructions(file).map(one => `${printInstruction(one, { escape: escapeChar })}\n`);
  const again = parseDockerfile(`# escape=${escapeChar}\n${anew.join('')}`);
  assert.deepEqual(allInstructions(again).map(meaning), allInstructions(file).map(meaning), anew.join(''));
}

/** Any text: a file whose parts all work and that prints as it was, or our own error with a range inside the text. */
export function checkHostile(input: string | Uint8Array): void {
  const decoded = typeof input === 'string' ? input : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
  const text = (decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded).toWellFormed();
  let file: Dockerfile;
  try {
    file = parseDockerfile(input);
  } catch (error) {
    assertOwnError(error, text);
    return;
  }
  checkPrinted(file, text);
  for (const instruction of allInstructions(file)) {
    assertInside(instruction.range, text);
    try {
      expandInstruction(instruction, name => (name.length % 2 === 0 ? 'x y' : undefined));
    } catch (error) {
      assertOwnError(error, text);
    }
  }
  for (const warning of lint(file, { base: () => ({ env: {} }), check: 'experimental=all' }))
    assertInside(warning.range, text);
}

export function checkExpansion(text: string): void {
  for (const expand of [expandWord, expandWords]) {
    try {
      expand(text, name => (name === 'a' ? 'aBa b' : name === 'B' ? '' : undefined));
    } catch (error) {
      assertOwnError(error, text);
    }
  }
}

/** Any ignore file and any path: a decision, or our own error with a range inside the text. */
export function checkIgnoreText(text: string, path: string): void {
  try {
    compileIgnore(text).matches(path);
  } catch (error) {
    assertOwnError(error, text);
  }
}

const names = ['a', 'b', 'ab'];

/** Decisions agree with a plain evaluation of the patterns, and no directory that may not keep anything does. */
export function checkPatterns(patterns: readonly string[]): void {
  const matcher = compilePatterns(patterns);
  const plain = plainPatterns(patterns);
  const visit = (scope: IgnoreScope, path: string, depth: number): boolean => {
    let kept = false;
    for (const name of names) {
      const child = path === '' ? name : `${path}/${name}`;
      const ignored = scope.ignores(name);
      assert.equal(ignored, plain(child), `${JSON.stringify(patterns)} ${child}`);
      assert.equal(ignored, matcher.matches(child));
      if (!ignored) kept = true;
      if (depth === 0) continue;
      const below = scope.enter(name);
      assert.equal(below.ignored, ignored);
      const keptBelow = visit(below, child, depth - 1);
      assert.ok(below.mayKeep || !keptBelow, `${JSON.stringify(patterns)} ${child}`);
      if (keptBelow) kept = true;
    }
    return kept;
  };
  visit(matcher.root, '', 3);
}
