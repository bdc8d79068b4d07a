import { StringDecoder } from 'node:string_decoder';
import type { PlannedStep } from '../model/plan.js';
import type { OutputListener } from './step-world.js';
import type { RunTools } from './tools.js';

/** Tells what a step prints, as whole characters. */
export function outputOf({ step: { stage, index } }: PlannedStep, { emit, elapsed }: RunTools): OutputListener {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const tell = (stream: 'stdout' | 'stderr', text: string): void => {
    if (text !== '') emit({ type: 'stepOutput', time: elapsed(), stage, step: index, stream, text });
  };
  return {
    chunk: (stream, chunk) =>
      tell(stream, decoders[stream].write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end: () => {
      tell('stdout', decoders.stdout.end());
      tell('stderr', decoders.stderr.end());
    },
  };
}
