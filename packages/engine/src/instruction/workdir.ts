import { posix } from 'node:path';
import type { WorkdirInstruction } from '@varve/dockerfile';
import { lookupMaker } from '../executor/users.js';
import type { InstructionHandler } from '../plugin/instruction.js';
import { withRuntime } from './config.js';
import { Draft } from './transfer/draft.js';
import { makeDirectories } from './transfer/lay.js';

/** WORKDIR: makes the directory where it is missing, 0755, owned by the USER in force, as BuildKit does. */
export const workdir: InstructionHandler<WorkdirInstruction> = {
  inputs(instruction, state) {
    const dir = posix.resolve('/', state.config.config?.WorkingDir || '/', instruction.path.value);
    const config = withRuntime(state.config, { WorkingDir: dir });
    if (dir === '/') return { config, createdBy: 'WORKDIR /', effect: 'none' };
    return {
      config,
      createdBy: `WORKDIR ${dir}`,
      effect: 'known',
      fields: { dir, user: state.config.config?.User ?? '' },
    };
  },
  async perform(instruction, state, world) {
    const dir = posix.resolve('/', state.config.config?.WorkingDir || '/', instruction.path.value);
    const tree = await world.tree();
    const draft = new Draft(tree);
    const user = state.config.config?.User;
    makeDirectories(draft, draft.resolve(dir), {
      nowNs: world.nowNs,
      ...(user ? { owner: lookupMaker(tree.passwd, tree.group, user) } : {}),
    });
    return { kind: 'known', changes: draft.changes([]) };
  },
};
