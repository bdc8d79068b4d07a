import { frame } from '../../key/key.js';
import type { StepInputs, StepState } from '../../model/step.js';
import type { FileEffect, InstructionHandler } from '../../plugin/instruction.js';
import { absolutePath } from '../paths.js';
import { parseChmod } from './chmod.js';
import { Layout } from './layout.js';
import { planTransfer, type Transfer } from './sources.js';

/** COPY and ADD: writes of files that are known without looking at a root file system. */
export const transfer: InstructionHandler<Transfer> = {
  inputs(instruction, state): StepInputs {
    const { chmod } = instruction;
    if (chmod) parseChmod(chmod.value, chmod.range);
    const { sources, downloads, order } = planTransfer(instruction);
    return {
      config: state.config,
      createdBy: createdBy(instruction),
      effect: 'known',
      fields: fieldsOf(
        instruction,
        state,
        order.map(({ kind }) => kind),
      ),
      ...(isLinked(instruction) ? { onScratch: true } : {}),
      ...(sources.length > 0 ? { sources } : {}),
      ...(downloads.length > 0 ? { downloads } : {}),
    };
  },
  async perform(instruction, state, world): Promise<FileEffect> {
    const tree = isLinked(instruction) ? world.scratch() : await world.tree();
    const layout = await new Layout(instruction, state, world, tree).lay();
    const contents = await layout.contents();
    return { kind: 'known', changes: layout.draft.changes(contents) };
  },
};

function fieldsOf(
  instruction: Transfer,
  state: StepState,
  order: readonly string[],
): NonNullable<StepInputs['fields']> {
  const { chown, chmod, excludes, heredocs } = instruction;
  return {
    destination: absolutePath(state.config.config?.WorkingDir, instruction.destination.value),
    order: frame(order),
    ...(chown ? { chown: chown.value } : {}),
    ...(chmod ? { chmod: chmod.value } : {}),
    ...(instruction.link ? { link: String(isLinked(instruction)) } : {}),
    ...(instruction.keyword === 'COPY' && instruction.parents ? { parents: 'true' } : {}),
    ...(excludes.length > 0 ? { excludes: frame(excludes.map(word => word.value)) } : {}),
    ...(instruction.keyword === 'ADD' && instruction.unpack !== undefined
      ? { unpack: String(instruction.unpack) }
      : {}),
    ...(heredocs.length > 0 ? { heredocs: frame(heredocs.flatMap(doc => [doc.name, doc.content])) } : {}),
  };
}

/**
 * Whether the layer is made on nothing, so that it is the same whatever is below it. Like BuildKit, `--link` together with `--chmod` is an
 * ordinary copy. A `--chown` by name is one too: BuildKit fails there, since nothing names users.
 */
function isLinked({ link, chmod, chown }: Transfer): boolean {
  return link && !chmod && (!chown || /^(\d+|root)?(:(\d+|root))?$/.test(chown.value));
}

function createdBy(instruction: Transfer): string {
  const words = [
    instruction.keyword,
    ...(instruction.keyword === 'COPY' && instruction.parents ? ['--parents'] : []),
    ...(instruction.chown ? [`--chown=${instruction.chown.value}`] : []),
    ...(instruction.chmod ? [`--chmod=${instruction.chmod.value}`] : []),
    ...instruction.sources.map(source => source.value),
    ...instruction.heredocs.map(doc => `<<${doc.name}`),
    instruction.destination.value,
  ];
  return `${words.join(' ')} # buildkit`;
}
