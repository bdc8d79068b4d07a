// A plugin for the builds of `warm-up.js`: an executor that starts no process, so that images without programs can have steps.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { definePlugin, provide } from '@varve/engine/plugin';

let runs = 0;
const executor = {
  /** All that a step does is to print a line and to write a file. */
  async run({ root }, output) {
    output.stdout(Buffer.from('written\n'));
    writeFileSync(join(root.kind === 'overlay' ? root.upper : root.path, 'written'), 'again '.repeat(++runs));
    return { kind: 'exited', code: 0 };
  },
};

export default definePlugin({
  parseOptions: raw => raw,
  create: () => ({
    name: 'warm-up',
    version: '1.0.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'executor',
        id: 'writes-a-file',
        summary: 'writes a file',
        traits: { enters: ['directory', 'overlay'], isolation: 'full' },
        rank: 0,
        needs: [],
        probe: async () => ({ usable: true }),
        create: async () => executor,
      }),
    ],
  }),
});
