import assert from 'node:assert/strict';
import { type ToldError, toldErrors } from '../rig/build-events.js';
import { transcript, type VarveOutcome } from '../rig/varve.js';

/** The one error that a build ends with. */
export interface ExpectedError {
  readonly code: string;
  /** What the message says; the host is looked for besides. */
  readonly message: RegExp;
  readonly hint: RegExp;
}

/** Checks that a build failed with this error and no other, in words for people. */
export function assertOneError(outcome: VarveOutcome, expected: ExpectedError, host: string): void {
  assert.equal(outcome.code, 1, transcript(outcome));
  const errors = toldErrors(outcome);
  assert.equal(errors.length, 1, transcript(outcome));
  const error = errors[0] as ToldError;
  assert.equal(error.code, expected.code, transcript(outcome));
  assert.match(error.message, expected.message);
  assert.ok(error.message.includes(host), `the message does not name ${host}: ${error.message}`);
  assert.match(error.hint ?? '', expected.hint, transcript(outcome));
  assert.doesNotMatch(outcome.stderr, /\n\s+at .*\.js:\d+/, 'a stack trace is shown');
  assert.equal(outcome.stdout, '', 'a digest was told');
}
