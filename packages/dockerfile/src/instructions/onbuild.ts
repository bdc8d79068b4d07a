import { DockerfileError } from '../errors.js';
import type { Instruction, OnbuildInstruction } from '../instruction.js';
import type { Statement } from '../statement.js';
import { countError } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';

const forbidden = ['ONBUILD', 'FROM', 'MAINTAINER'];

/** @throws DockerfileError E_BAD_TRIGGER for an instruction that may not be a trigger */
export function checkTrigger(trigger: Statement): void {
  if (!forbidden.includes(trigger.name)) return;
  throw new DockerfileError('E_BAD_TRIGGER', `${trigger.name} may not be an ONBUILD trigger`, trigger.keyword.range);
}

/** ONBUILD instruction */
export function buildOnbuild(statement: Statement, build: (trigger: Statement) => Instruction): OnbuildInstruction {
  flagsOf(statement);
  const { trigger } = statement;
  if (trigger === undefined) {
    throw countError(statement, 'ONBUILD wants an instruction', 'write ONBUILD RUN <command>, for example');
  }
  checkTrigger(trigger);
  const bodies = statement.heredocs.map(heredoc => `\n${heredoc.source}${heredoc.name}`);
  const expression = statement.original.replace(/^\s*ONBUILD\s*/i, '') + bodies.join('');
  return { keyword: 'ONBUILD', ...baseOf(statement), expression, trigger: build(trigger) };
}
