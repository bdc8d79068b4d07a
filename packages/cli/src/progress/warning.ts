import type { BuildEvent } from '@varve/engine';
import type { Paint } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';

/** `warning: Dockerfile:3: … [W_CODE]`, and its hint in a line of its own. */
export function warningLines(event: Extract<BuildEvent, { type: 'warning' }>, paint: Paint): readonly string[] {
  const place = event.where === undefined ? '' : `${event.where.file}:${event.where.line}: `;
  const line = `${paint.yellow('warning:')} ${oneLine(place + event.message)} ${paint.dim(`[${event.code}]`)}`;
  return event.hint === undefined ? [line] : [line, `  hint: ${oneLine(event.hint)}`];
}
