import type { LintWarning } from '../../lint-warning.js';
import type { SourceRange } from '../../source.js';

/** The warning for a blank line among continuation lines. */
export function emptyContinuationWarning(range: SourceRange, error: boolean): LintWarning {
  return {
    rule: 'NoEmptyContinuation',
    description: 'Empty continuation lines will become errors in a future release',
    url: 'https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/',
    message: 'Empty continuation line',
    range,
    level: error ? 'error' : 'warning',
  };
}
