import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileIgnore, type IgnoreScope } from '@varve/dockerfile';
import { compare, report } from './measure.js';

/** What a .dockerignore of 20 patterns adds to walking a context of 50,000 files (names and metadata). */

const patterns = `
.git
**/.DS_Store
**/node_modules
*.log
**/*.tmp
**/*.swp
dist/
build/output
coverage/**
.env*
!.env.example
docs/**/*.draft.md
**/__pycache__
**/*.py[co]
test/fixtures/large
/secrets
**/.idea
**/.vscode
tools/*/cache
Dockerfile*
`;

/** 50 directories of 20 directories of 50 files; nothing of it is ignored, so that both walks see the same. */
function makeTree(root: string): void {
  for (let outer = 0; outer < 50; outer++) {
    for (let inner = 0; inner < 20; inner++) {
      const directory = join(root, `package-${outer}`, `source-${inner}`);
      mkdirSync(directory, { recursive: true });
      for (let file = 0; file < 50; file++) writeFileSync(join(directory, `module-${file}.ts`), '');
    }
  }
}

function walk(directory: string): number {
  let count = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    lstatSync(path, { bigint: true });
    count += entry.isDirectory() ? walk(path) : 1;
  }
  return count;
}

function walkIgnoring(directory: string, scope: IgnoreScope): number {
  let count = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      const below = scope.enter(entry.name);
      if (!below.mayKeep) continue;
      lstatSync(path, { bigint: true });
      count += walkIgnoring(path, below);
    } else if (!scope.ignores(entry.name)) {
      lstatSync(path, { bigint: true });
      count++;
    }
  }
  return count;
}

const root = mkdtempSync(join(tmpdir(), 'varve-ignore-'));
try {
  makeTree(root);
  const matcher = compileIgnore(patterns);
  if (walk(root) !== 50_000 || walkIgnoring(root, matcher.root) !== 50_000) throw new Error('a walk lost files');
  report([
    compare({
      name: `walk 50,000 files with ${matcher.patterns.length} ignore patterns`,
      work: () => walkIgnoring(root, compileIgnore(patterns).root),
      baseline: () => walk(root),
      rounds: 15,
    }),
  ]);
} finally {
  rmSync(root, { recursive: true, force: true });
}
