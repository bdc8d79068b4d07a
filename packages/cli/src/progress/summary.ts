import type { BuildResult } from '@varve/engine';
import { showDuration } from '../show/duration.js';
import { showSize } from '../show/size.js';
import type { Paint } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';
import type { BuildTally } from './tally.js';

/** What a build made, where it went and how long that took: a few lines, without the last line end. */
export function summaryLines(result: BuildResult, tally: BuildTally, paint: Paint): readonly string[] {
  const lines = [`${paint.bold('Built')} in ${showDuration(result.duration)}${stepsText(tally)}`];
  for (const image of tally.images) {
    const bytes = image.layers.reduce((sum, layer) => sum + layer.size, 0);
    const layers = image.layers.length === 1 ? '1 layer' : `${image.layers.length} layers`;
    lines.push(field('image', paint.cyan(image.manifest)));
    lines.push(field('', `${image.platform}, ${layers}, ${showSize(bytes)}`));
  }
  if (tally.images.length !== 1) lines.push(field('digest', paint.cyan(result.digest)));
  for (const { exporter, target } of result.exports) lines.push(field(`to ${exporter}`, oneLine(target)));
  if (result.keptAs !== undefined) {
    lines.push(field('kept', `in the store as ${oneLine(result.keptAs)}`));
    lines.push(field('', paint.dim('to have it elsewhere: -t NAME --push, -o type=oci,dest=FILE.tar, --load')));
  }
  return lines;
}

function field(name: string, value: string): string {
  return `  ${name.padEnd(11)} ${value}`;
}

function stepsText(tally: BuildTally): string {
  const { cached, ran } = tally.counts;
  const total = cached + ran;
  if (total === 0) return '';
  if (ran === 0) return total === 1 ? ': the only step was cached' : `: all ${total} steps were cached`;
  const steps = total === 1 ? '1 step' : `${total} steps`;
  return cached === 0 ? `: ${steps}, none cached` : `: ${steps}, ${cached} cached`;
}
