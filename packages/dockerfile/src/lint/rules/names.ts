import type { Dockerfile } from '../../dockerfile.js';
import type { FromInstruction, Instruction } from '../../instruction.js';
import { type Finding, type LintRule, ruleUrl } from '../rule.js';

function isLower(text: string): boolean {
  return text === text.toLowerCase();
}

function isUpper(text: string): boolean {
  return text === text.toUpperCase();
}

function fromsOf(file: Dockerfile): readonly FromInstruction[] {
  return file.stages.map(stage => stage.from);
}

export const stageNameCasing: LintRule = {
  name: 'StageNameCasing',
  description: 'Stage names should be lowercase',
  url: ruleUrl('stage-name-casing'),
  *check({ file }) {
    for (const from of fromsOf(file)) {
      const { stageName } = from;
      if (stageName === undefined || isLower(stageName.value)) continue;
      const message = `Stage name '${stageName.value}' should be lowercase`;
      yield { message, range: stageName.range, instruction: from };
    }
  },
};

export const fromAsCasing: LintRule = {
  name: 'FromAsCasing',
  description: "The 'as' keyword should match the case of the 'from' keyword",
  url: ruleUrl('from-as-casing'),
  *check({ file }) {
    for (const from of fromsOf(file)) {
      const keyword = from.keywordAsWritten.value;
      // mixed case is for ConsistentInstructionCasing
      const agrees = isLower(keyword) ? isLower : isUpper(keyword) ? isUpper : undefined;
      if (from.as === undefined || agrees === undefined || agrees(from.as.value)) continue;
      const message = `'${from.as.value}' and '${keyword}' keywords' casing do not match`;
      yield { message, range: from.as.range, instruction: from };
    }
  },
};

export const consistentInstructionCasing: LintRule = {
  name: 'ConsistentInstructionCasing',
  description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  url: ruleUrl('consistent-instruction-casing'),
  wholeFile: true,
  *check({ file }) {
    const instructions: readonly Instruction[] = file.stages.flatMap(stage => [stage.from, ...stage.instructions]);
    const keywords = instructions.map(instruction => instruction.keywordAsWritten.value);
    const lower =
      keywords.filter(isLower).length > keywords.filter(keyword => !isLower(keyword) && isUpper(keyword)).length;
    for (const instruction of instructions) {
      const { value, range } = instruction.keywordAsWritten;
      if (lower ? isLower(value) : isUpper(value)) continue;
      const casing = lower ? 'lowercase' : 'uppercase';
      const message = `Command '${value}' should match the case of the command majority (${casing})`;
      yield { message, range, instruction };
    }
  },
};

export const duplicateStageName: LintRule = {
  name: 'DuplicateStageName',
  description: 'Stage names should be unique',
  url: ruleUrl('duplicate-stage-name'),
  wholeFile: true,
  *check({ file }) {
    const seen = new Set<string>();
    for (const { name, from } of file.stages) {
      if (name === undefined || from.stageName === undefined) continue;
      const message = `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`;
      if (seen.has(name)) yield { message, range: from.stageName.range, instruction: from };
      seen.add(name);
    }
  },
};

export const reservedStageName: LintRule = {
  name: 'ReservedStageName',
  description: 'Reserved words should not be used as stage names',
  url: ruleUrl('reserved-stage-name'),
  wholeFile: true,
  *check({ file }) {
    for (const { name, from } of file.stages) {
      if ((name !== 'scratch' && name !== 'context') || from.stageName === undefined) continue;
      const message = `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`;
      yield { message, range: from.stageName.range, instruction: from };
    }
  },
};

export const invalidDefinitionDescription: LintRule = {
  name: 'InvalidDefinitionDescription',
  description:
    'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  url: ruleUrl('invalid-definition-description'),
  experimental: true,
  *check({ file }) {
    for (const args of file.metaArgs) yield* describe(args);
    for (const { from, instructions } of file.stages) {
      yield* describe(from);
      for (const instruction of instructions) yield* describe(instruction);
    }
  },
};

function* describe(instruction: Instruction): Iterable<Finding> {
  const names = definedNames(instruction);
  const [first = ''] = names;
  const comment = instruction.comments.findLast(line => !/^check\s*=/i.test(line));
  if (names.length === 0 || comment === undefined || names.includes(comment.split(' ', 1)[0] ?? '')) return;
  const name = names.length > 1 ? '<arg_key>' : first;
  const message = `Comment for ${instruction.keyword} should follow the format: \`# ${name} <description>\``;
  yield { message, range: instruction.range, instruction };
}

function definedNames(instruction: Instruction): readonly string[] {
  if (instruction.keyword === 'ARG') return instruction.args.map(arg => arg.name);
  if (instruction.keyword !== 'FROM' || instruction.stageName === undefined) return [];
  return [instruction.stageName.value.toLowerCase()];
}
