import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  type FunctionLikeDeclaration,
  isCallExpression,
  isExportDeclaration,
  isFunctionLikeDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isStringLiteral,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { inRepository, repository } from '../rig/repository.js';

/** A TypeScript file of the repository, as far as the rules look at it. */
export interface Source {
  /** Path in the repository, with slashes. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
}

/** One static import, re-export, type import or `import()` with a literal. */
export interface Import {
  readonly specifier: string;
  /** Line from 1. */
  readonly line: number;
  /** Path in the repository of the file that a relative import means; undefined for a package. */
  readonly target?: string;
}

/** A function with a body. */
export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
}

/** Folders with a tsconfig.json: every package, the benchmarks, the tests. */
export function projects(): string[] {
  const packages = readdirSync(inRepository('packages')).map(name => `packages/${name}`);
  return [...packages, 'benchmarks', 'test'].filter(folder => existsSync(inRepository(folder, 'tsconfig.json')));
}

/** Reads every TypeScript file of the repository with the compiler's own parser. */
export function readSources(): Source[] {
  const api = new API({ cwd: repository });
  try {
    return projects().flatMap(folder => readProject(api, folder));
  } finally {
    api.close();
  }
}

function readProject(api: API, folder: string): Source[] {
  const config = inRepository(folder, 'tsconfig.json');
  const snapshot = api.updateSnapshot({ openProjects: [config] });
  const project = snapshot.getProject(config);
  if (project === undefined) throw new Error(`${config}: not a project`);
  return project.rootFiles
    .map(file => relative(repository, file))
    .filter(path => path.startsWith(`${folder}/`))
    .map(path => {
      const parsed = project.program.getSourceFile(inRepository(path));
      if (parsed === undefined) throw new Error(`${path}: not parsed`);
      return readSource(path, parsed);
    });
}

function readSource(path: string, parsed: SourceFile): Source {
  const imports: Import[] = [];
  const functions: FunctionSpan[] = [];
  const lineOf = (position: number): number => parsed.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: Node): undefined => {
    const specifier = importedBy(node);
    if (specifier !== undefined) imports.push(importOf(path, specifier, lineOf(node.getStart(parsed))));
    if (isFunctionLikeDeclaration(node) && bodyOf(node) !== undefined) {
      const line = lineOf(node.getStart(parsed));
      const lines = lineOf(node.end) - line + 1;
      functions.push({ name: nameOf(node), line, lines, parameters: node.parameters.length });
    }
    node.forEachChild(visit);
  };
  visit(parsed);
  return { path, lines: lineCount(path), imports, functions };
}

function importedBy(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (isImportTypeNode(node)) return isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return literal(node.arguments[0]);
  return undefined;
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined;
}

function importOf(path: string, specifier: string, line: number): Import {
  if (!specifier.startsWith('.')) return { specifier, line };
  return { specifier, line, target: join(dirname(path), specifier).replace(/\.js$/, '.ts') };
}

function bodyOf(node: FunctionLikeDeclaration): Node | undefined {
  return 'body' in node ? (node.body as Node | undefined) : undefined;
}

function nameOf(node: FunctionLikeDeclaration): string {
  return textOfName(node) ?? textOfName(node.parent) ?? '(a function without a name)';
}

function textOfName(node: Node | undefined): string | undefined {
  const name = node !== undefined && 'name' in node ? (node.name as { readonly text?: string } | undefined) : undefined;
  return name?.text;
}

function lineCount(path: string): number {
  return readFileSync(inRepository(path), 'utf8').trimEnd().split('\n').length;
}
