import { type CheckOptions, parseCheckOptions } from '../check-options.js';
import type { Dockerfile } from '../dockerfile.js';
import { DockerfileError } from '../errors.js';
import { frontendWarning } from '../frontend.js';
import type { CommentChecks } from '../instruction.js';
import type { LintWarning } from '../lint-warning.js';
import type { SourceRange } from '../source.js';
import { trim } from '../text.js';
import type { LintFacts, LintRule } from './rule.js';
import { rules } from './rules/index.js';
import { viewOf } from './view.js';

const nothingAsked: CheckOptions = {
  skip: [],
  skipAll: false,
  experimental: [],
  experimentalAll: false,
  error: false,
};

/** A rule's name and texts, for help and editors. */
export type LintRuleInfo = Pick<LintRule, 'name' | 'description' | 'url' | 'experimental'>;

/** All rules there are. */
export const lintRules: readonly LintRuleInfo[] = rules;

/**
 * Checks a file by the rules of BuildKit's linter. What `facts` leaves open is not reported on: without the base
 * image's environment, for instance, no variable counts as undefined in its stages. Rules that the file's `check`
 * directive turns off give nothing, those that a `# check=skip=…` comment before an instruction turns off nothing there.
 *
 * @returns the findings in the order of the file, what the parser found included
 * @throws DockerfileError E_DIRECTIVE when `facts.check` is malformed
 */
export function lint(file: Dockerfile, facts: LintFacts = {}): readonly LintWarning[] {
  const options = optionsOf(file, facts);
  const view = viewOf(file, facts);
  const level = options.error ? 'error' : 'warning';
  const warnings: LintWarning[] = [];
  for (const rule of rules) {
    if (!rule.experimental && !isOn(rule, options)) continue;
    const { name, description, url } = rule;
    for (const { message, range, instruction } of rule.check(view)) {
      if (!isOn(rule, options, rule.wholeFile ? undefined : instruction.checks)) continue;
      warnings.push({ rule: name, description, ...(url === undefined ? {} : { url }), message, range, level });
    }
  }
  const own = warningsOfFrontend(file, facts).filter(one => !options.skipAll && !options.skip.includes(one.rule));
  return [...own, ...warnings].toSorted(
    (a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column,
  );
}

/** What the parser found; another frontend given from outside takes the place of the file's. */
function warningsOfFrontend(file: Dockerfile, { buildArgs = {} }: LintFacts): readonly LintWarning[] {
  const syntax = trim(buildArgs.BUILDKIT_SYNTAX ?? '');
  if (syntax === '') return file.warnings;
  const [value = ''] = syntax.split(' ', 1);
  const warning = frontendWarning({ value, range: outsideRange('BUILDKIT_SYNTAX', value) });
  return warning === undefined ? [] : [warning];
}

/** The place of a build argument: the whole of a file of its name. */
function outsideRange(file: string, text: string): SourceRange {
  return { file, start: { line: 1, column: 1 }, end: { line: 1, column: text.length + 1 } };
}

function optionsOf(file: Dockerfile, facts: LintFacts): CheckOptions {
  if (facts.check === undefined) return file.directives.check ?? nothingAsked;
  const options = parseCheckOptions(facts.check);
  if (typeof options !== 'string') return options;
  const range = outsideRange('BUILDKIT_DOCKERFILE_CHECK', facts.check);
  throw new DockerfileError('E_DIRECTIVE', options, range, 'write skip=<rules>;error=<true or false>');
}

function isOn({ name, experimental }: LintRule, options: CheckOptions, above?: CommentChecks): boolean {
  const named = (list: readonly string[] = []): boolean => list.includes(name) || list.includes('all');
  if (experimental) return options.experimentalAll || options.experimental.includes(name) || named(above?.experimental);
  return !options.skipAll && !options.skip.includes(name) && !named(above?.skip);
}
