import type { ProgressMode } from '../options/build-options.js';
import { paint, showsUnicode, wantsColour } from '../terminal/colour.js';
import type { Output } from '../terminal/output.js';
import type { Renderer } from './renderer.js';
import type { BuildTally } from './tally.js';

export type ShownMode = Exclude<ProgressMode, 'auto'>;

/** What `auto` means: `tty` on a terminal that can move its cursor, `plain` elsewhere and in CI. */
export function resolveMode(mode: ProgressMode, out: Output, env: NodeJS.ProcessEnv): ShownMode {
  if (mode !== 'auto') return mode;
  const ci = env.CI !== undefined && env.CI !== '' && env.CI !== 'false';
  return out.isTTY && env.TERM !== 'dumb' && !ci ? 'tty' : 'plain';
}

/** The renderer of a mode; only its own code is loaded. */
export async function createRenderer(mode: ShownMode, out: Output, tally: BuildTally): Promise<Renderer> {
  const { env } = process;
  const colours = paint(wantsColour(out, env));
  switch (mode) {
    case 'json':
      return new (await import('./json.js')).JsonRenderer(out);
    case 'quiet':
      return new (await import('./quiet.js')).QuietRenderer(out, colours);
    case 'plain':
      return new (await import('./plain.js')).PlainRenderer(out, colours, tally);
    case 'tty': {
      const now = () => process.uptime() * 1_000;
      return new (await import('./tty.js')).TtyRenderer({
        out,
        paint: colours,
        unicode: showsUnicode(env),
        tally,
        now,
      });
    }
  }
}
