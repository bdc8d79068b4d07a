import { VarveError } from '../model/error.js';
import type { PlannedStep } from '../model/plan.js';
import type { StepDownload, StepSource } from '../model/step.js';
import type { OpenedSource, StepWorld, TreeView } from '../plugin/instruction.js';
import { emptyTree } from '../tree/index.js';
import type { LayersOfStage, RunTools, StageRootHandle } from './tools.js';

export interface OutputListener {
  chunk(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  end(): void;
}

interface Surroundings {
  tree(): Promise<TreeView>;
  readonly layersOfStage: LayersOfStage;
  readonly root?: StageRootHandle;
  readonly onOutput: OutputListener;
  /** Whether a later step runs a process in the same root. */
  readonly isFollowed: boolean;
}

/** What a step's handler may use: everything is opened when it is first asked for. */
export function stepWorld(
  planned: PlannedStep,
  tools: RunTools,
  { tree, layersOfStage, root, onOutput, isFollowed }: Surroundings,
): StepWorld {
  const { inputs } = planned;
  const opened = new Map<number, Promise<OpenedSource>>();
  let isConcluded = false;
  return {
    tree,
    scratch: emptyTree,
    source(index) {
      const source = opened.get(index) ?? tools.openSource(inputs.sources?.[index] as StepSource, layersOfStage);
      opened.set(index, source);
      return source;
    },
    unpackArchive: file => tools.unpackArchive(file),
    download: index => tools.download(inputs.downloads?.[index] as StepDownload),
    async run(command, signal) {
      if (!root)
        throw new VarveError(
          'E_PLUGIN_STEP',
          `the handler of ${planned.instruction.keyword} runs a process, but said it would not`,
        );
      if (isConcluded)
        throw new VarveError(
          'E_PLUGIN_STEP',
          `the handler of ${planned.instruction.keyword} runs a process after the one that it said was the last`,
        );
      isConcluded = command.concludes === true;
      const mounted = await tools.mount(command, {
        open: index => this.source(index),
        digest: index => planned.sourceDigests?.[index] ?? '',
        path: index => inputs.sources?.[index]?.patterns[0] ?? '',
      });
      try {
        return await root.run(mounted.command, { onOutput: onOutput.chunk, isFollowed }, signal);
      } finally {
        await mounted.release();
        onOutput.end();
      }
    },
    nowNs: BigInt(tools.now().getTime()) * 1_000_000n,
  };
}
