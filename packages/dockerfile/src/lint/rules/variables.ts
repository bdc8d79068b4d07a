import { type LintRule, ruleUrl } from '../rule.js';
import { suggestion } from '../suggestion.js';

export const undefinedVar: LintRule = {
  name: 'UndefinedVar',
  description: 'Variables should be defined before their use',
  url: ruleUrl('undefined-var'),
  *check({ stages }) {
    for (const { unset } of stages) {
      for (const { name, known, range, instruction } of unset) {
        const near = suggestion(name, known);
        const hint = near === undefined ? '' : ` (did you mean $${near}?)`;
        yield { message: `Usage of undefined variable '$${name}'${hint}`, range, instruction };
      }
    }
  },
};

const secret = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmless = /(?:_|^)(?:public|file|version)(?:_|$)/i;

export const secretsUsedInArgOrEnv: LintRule = {
  name: 'SecretsUsedInArgOrEnv',
  description: 'Sensitive data should not be used in the ARG or ENV commands',
  url: ruleUrl('secrets-used-in-arg-or-env'),
  *check({ stages }) {
    for (const { expanded } of stages) {
      for (const instruction of expanded) {
        const names =
          instruction.keyword === 'ARG'
            ? instruction.args.map(({ name, range }) => ({ name, range }))
            : instruction.keyword === 'ENV'
              ? instruction.entries.map(({ key }) => ({ name: key.value, range: key.range }))
              : [];
        for (const { name, range } of names) {
          if (!secret.test(name) || harmless.test(name)) continue;
          const message = `Do not use ARG or ENV instructions for sensitive data (${instruction.keyword} ${JSON.stringify(name)})`;
          yield { message, range, instruction };
        }
      }
    }
  },
};

export const legacyKeyValueFormat: LintRule = {
  name: 'LegacyKeyValueFormat',
  description: 'Legacy key/value format with whitespace separator should not be used',
  url: ruleUrl('legacy-key-value-format'),
  *check({ stages }) {
    for (const { stage } of stages) {
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'ENV' && instruction.keyword !== 'LABEL') continue;
        const { value: keyword } = instruction.keywordAsWritten;
        const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
        if (instruction.entries.some(entry => entry.legacy)) yield { message, range: instruction.range, instruction };
      }
    }
  },
};
