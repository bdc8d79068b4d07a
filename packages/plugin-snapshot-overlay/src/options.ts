import { VarveError } from '@varve/engine/plugin';
import * as v from 'valibot';

const schema = v.strictObject({
  index: v.optional(v.picklist(['auto', 'off']), 'auto'),
});

export interface OverlayOptions {
  /** `auto`: hard links of lower layers stay linked where the kernel can keep them so. `off`: they split, as in Docker's overlays. */
  readonly index: 'auto' | 'off';
}

/** `--snapshot overlay,index=auto|off`. Reports all problems at once. Errors: `E_PLUGIN_OPTIONS`. */
export function parseOptions(raw: Readonly<Record<string, string>>): OverlayOptions {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(issue => `${v.getDotPath(issue) ?? 'options'}: ${issue.message}`);
  throw new VarveError(
    'E_PLUGIN_OPTIONS',
    `the options of the snapshotter overlay are not valid: ${problems.join('; ')}`,
    { hint: 'The one option is index=auto|off.', data: { problems } },
  );
}
