import { DockerfileError } from '../../errors.js';
import { expandInPlace } from '../../expand/expand.js';
import type { FromInstruction } from '../../instruction.js';
import { nearest } from '../../nearest.js';
import { formatPlatformParts, readPlatform } from '../../platform.js';
import { isImageReference } from '../../reference.js';
import type { Word } from '../../source.js';
import { type LintRule, type LintView, ruleUrl } from '../rule.js';

/** A word of FROM expanded, with the names it used. */
interface FromWord {
  readonly value: string;
  readonly used: ReadonlySet<string>;
  readonly unset: ReadonlySet<string>;
}

function expandFromWord(word: Word, values: ReadonlyMap<string, string>, view: LintView): FromWord | undefined {
  const used = new Set<string>();
  const unset = new Set<string>();
  const options = {
    ...view.expansion,
    onUse: (name: string) => used.add(name),
    onUnset: (name: string) => unset.add(name),
  };
  try {
    return { value: expandInPlace(word, name => values.get(name), options).value, used, unset };
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

function fromsOf(view: LintView): readonly FromInstruction[] {
  return view.file.stages.map(stage => stage.from);
}

export const undefinedArgInFrom: LintRule = {
  name: 'UndefinedArgInFrom',
  description: 'FROM command must use declared ARGs',
  url: ruleUrl('undefined-arg-in-from'),
  *check(view) {
    const { values, declared } = view.globals;
    const names = [...new Set([...declared, ...values.keys()])];
    for (const from of fromsOf(view)) {
      for (const word of [from.image, from.platform]) {
        if (word === undefined) continue;
        for (const name of expandFromWord(word, values, view)?.unset ?? []) {
          if (declared.has(name)) continue;
          const near = nearest(name, names);
          const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
          const message = `FROM argument '${name}' is not declared${hint}`;
          yield { message, range: word.range, instruction: from };
        }
      }
    }
  },
};

export const invalidDefaultArgInFrom: LintRule = {
  name: 'InvalidDefaultArgInFrom',
  description: 'Default value for global ARG results in an empty or invalid base image name',
  url: ruleUrl('invalid-default-arg-in-from'),
  wholeFile: true,
  *check(view) {
    const { defaults } = view.globals;
    if (defaults === undefined) return;
    for (const from of fromsOf(view)) {
      const image = expandFromWord(from.image, defaults, view);
      if (image === undefined) return;
      if (isImageReference(image.value)) continue;
      const message = `Default value for ARG ${from.image.value} results in empty or invalid base image name`;
      yield { message, range: from.image.range, instruction: from };
    }
  },
};

export const redundantTargetPlatform: LintRule = {
  name: 'RedundantTargetPlatform',
  description: 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  url: ruleUrl('redundant-target-platform'),
  *check(view) {
    const { values } = view.globals;
    for (const from of fromsOf(view)) {
      if (from.platform === undefined) continue;
      const platform = expandFromWord(from.platform, values, view);
      if (platform === undefined || platform.unset.size > 0) continue;
      if (platform.used.size !== 1 || !platform.used.has('TARGETPLATFORM')) continue;
      if (platform.value !== values.get('TARGETPLATFORM')) continue;
      const written = from.platform.value;
      const message = `Setting platform to predefined ${written} in FROM is redundant as this is the default behavior`;
      yield { message, range: from.platform.range, instruction: from };
    }
  },
};

export const fromPlatformFlagConstDisallowed: LintRule = {
  name: 'FromPlatformFlagConstDisallowed',
  description: 'FROM --platform flag should not use a constant value',
  url: ruleUrl('from-platform-flag-const-disallowed'),
  *check(view) {
    for (const { from, name = '' } of view.file.stages) {
      if (from.platform === undefined) continue;
      const platform = expandFromWord(from.platform, view.globals.values, view);
      if (platform === undefined || platform.used.size > 0 || platform.unset.size > 0) continue;
      const parts = readPlatform(platform.value, view.facts.buildPlatform);
      // a stage that is named after its platform is meant to have it
      if (parts === undefined || name.includes(parts.os) || name.includes(parts.architecture)) continue;
      const message = `FROM --platform flag should not use constant value ${JSON.stringify(platform.value)}`;
      yield { message, range: from.platform.range, instruction: from };
    }
  },
};

export const invalidBaseImagePlatform: LintRule = {
  name: 'InvalidBaseImagePlatform',
  description: 'Base image platform does not match expected target platform',
  wholeFile: true,
  *check(view) {
    const { values } = view.globals;
    const { targetPlatform, buildPlatform } = view.facts;
    for (const { stage, base } of view.stages) {
      if (base?.platform === undefined) continue;
      const { from } = stage;
      const asked = (from.platform && expandFromWord(from.platform, values, view)?.value) ?? targetPlatform;
      const expected = asked === undefined ? undefined : readPlatform(asked, buildPlatform);
      const actual = readPlatform(base.platform);
      if (expected === undefined || actual === undefined) continue;
      if (expected.os === actual.os && expected.architecture === actual.architecture) continue;
      const [pulled, wanted] = [actual, expected].map(parts => JSON.stringify(formatPlatformParts(parts)));
      const image = expandFromWord(from.image, values, view)?.value ?? from.image.value;
      const message = `Base image ${image} was pulled with platform ${pulled}, expected ${wanted} for current build`;
      yield { message, range: from.image.range, instruction: from };
    }
  },
};
