import { cleanPath } from '../../ignore/clean.js';
import type { IgnoreMatcher } from '../../ignore/matcher.js';
import type { Instruction } from '../../instruction.js';
import { type LintRule, ruleUrl } from '../rule.js';

export const jsonArgsRecommended: LintRule = {
  name: 'JSONArgsRecommended',
  description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  url: ruleUrl('json-args-recommended'),
  *check({ stages }) {
    for (const { stage, inheritsShell } of stages) {
      let shell = inheritsShell;
      for (const instruction of stage.instructions) {
        if (instruction.keyword === 'SHELL') shell = true;
        if (instruction.keyword !== 'CMD' && instruction.keyword !== 'ENTRYPOINT') continue;
        if (shell || instruction.command.form === 'exec') continue;
        const { value, range } = instruction.keywordAsWritten;
        const message = `JSON arguments recommended for ${value} to prevent unintended behavior related to OS signals`;
        yield { message, range, instruction };
      }
    }
  },
};

export const maintainerDeprecated: LintRule = {
  name: 'MaintainerDeprecated',
  description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  url: ruleUrl('maintainer-deprecated'),
  *check({ file }) {
    for (const instruction of file.stages.flatMap(stage => stage.instructions)) {
      if (instruction.keyword !== 'MAINTAINER') continue;
      const message = 'Maintainer instruction is deprecated in favor of using label';
      yield { message, range: instruction.keywordAsWritten.range, instruction };
    }
  },
};

export const multipleInstructionsDisallowed: LintRule = {
  name: 'MultipleInstructionsDisallowed',
  description: 'Multiple instructions of the same type should not be used in the same stage',
  url: ruleUrl('multiple-instructions-disallowed'),
  *check({ stages }) {
    for (const { stage } of stages) {
      const last = new Map<string, Instruction>();
      for (const instruction of stage.instructions) {
        const { keyword } = instruction;
        if (keyword !== 'CMD' && keyword !== 'ENTRYPOINT' && keyword !== 'HEALTHCHECK') continue;
        const earlier = last.get(keyword);
        last.set(keyword, instruction);
        if (earlier === undefined) continue;
        const { value: written } = instruction.keywordAsWritten;
        const message = `Multiple ${written} instructions should not be used in the same stage because only the last one will be used`;
        // the earlier one is what has no effect; comments count above the later one
        yield { message, range: earlier.range, instruction };
      }
    }
  },
};

export const workdirRelativePath: LintRule = {
  name: 'WorkdirRelativePath',
  description:
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  url: ruleUrl('workdir-relative-path'),
  *check({ stages }) {
    for (const { expanded, inheritsWorkdir } of stages) {
      const first = expanded.find(instruction => instruction.keyword === 'WORKDIR');
      if (inheritsWorkdir || first?.keyword !== 'WORKDIR' || first.path.value.startsWith('/')) continue;
      const path = JSON.stringify(first.path.value);
      const message = `Relative workdir ${path} can have unexpected results if the base image changes`;
      yield { message, range: first.path.range, instruction: first };
    }
  },
};

export const exposeProtoCasing: LintRule = {
  name: 'ExposeProtoCasing',
  description: 'Protocol in EXPOSE instruction should be lowercase',
  url: ruleUrl('expose-proto-casing'),
  *check({ stages }) {
    for (const { instruction, value, range } of portsOf(stages.flatMap(stage => stage.expanded))) {
      const protocol = value.slice(value.indexOf('/') + 1);
      if (!value.includes('/') || protocol === protocol.toLowerCase()) continue;
      const message = `Defined protocol '${value}' in EXPOSE instruction should be lowercase`;
      yield { message, range, instruction };
    }
  },
};

export const exposeInvalidFormat: LintRule = {
  name: 'ExposeInvalidFormat',
  description:
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  url: ruleUrl('expose-invalid-format'),
  *check({ stages }) {
    for (const { instruction, value, range } of portsOf(stages.flatMap(stage => stage.expanded))) {
      const [ports = ''] = value.split('/', 1);
      // "::80" has neither address nor host port
      if (ports.split(':').slice(0, -1).join('') === '') continue;
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${value}'`;
      yield { message, range, instruction };
    }
  },
};

function portsOf(instructions: readonly Instruction[]) {
  return instructions.flatMap(instruction =>
    instruction.keyword === 'EXPOSE' ? instruction.ports.map(port => ({ ...port, instruction })) : [],
  );
}

export const copyIgnoredFile: LintRule = {
  name: 'CopyIgnoredFile',
  description: 'Attempting to Copy file that is excluded by .dockerignore',
  url: ruleUrl('copy-ignored-file'),
  *check({ stages, facts: { ignore } }) {
    // with exceptions a directory may be ignored and something in it be kept
    if (ignore === undefined || ignore.exclusions) return;
    for (const instruction of stages.flatMap(stage => stage.expanded)) {
      if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') continue;
      if (instruction.keyword === 'COPY' && instruction.from !== undefined) continue;
      for (const { value, range } of instruction.sources) {
        if (isRemote(value) || !isIgnoredSource(ignore, cleanPath(value))) continue;
        const verb = instruction.keyword === 'COPY' ? 'Copy' : 'Add';
        const message = `Attempting to ${verb} file ${JSON.stringify(cleanPath(value))} that is excluded by .dockerignore`;
        yield { message, range, instruction };
      }
    }
  },
};

function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@/.test(source);
}

function isIgnoredSource(ignore: IgnoreMatcher, path: string): boolean {
  if (path !== '.' && path !== '/') return ignore.matches(path.replace(/^\//, ''));
  return ignore.patterns.some(pattern => ['*', '**', '**/*'].includes(pattern));
}
