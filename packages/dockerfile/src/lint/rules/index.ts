import type { LintRule } from '../rule.js';
import {
  fromPlatformFlagConstDisallowed,
  invalidBaseImagePlatform,
  invalidDefaultArgInFrom,
  redundantTargetPlatform,
  undefinedArgInFrom,
} from './base-image.js';
import { noEmptyContinuation } from './empty-continuation.js';
import {
  consistentInstructionCasing,
  duplicateStageName,
  fromAsCasing,
  invalidDefinitionDescription,
  reservedStageName,
  stageNameCasing,
} from './names.js';
import {
  copyIgnoredFile,
  exposeInvalidFormat,
  exposeProtoCasing,
  jsonArgsRecommended,
  maintainerDeprecated,
  multipleInstructionsDisallowed,
  workdirRelativePath,
} from './usage.js';
import { legacyKeyValueFormat, secretsUsedInArgOrEnv, undefinedVar } from './variables.js';

/** The rules of BuildKit's linter, by its names. */
export const rules: readonly LintRule[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  invalidDefinitionDescription,
  exposeProtoCasing,
  exposeInvalidFormat,
];
