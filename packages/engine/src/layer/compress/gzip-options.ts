import * as v from 'valibot';
import { VarveError } from '../../model/error.js';

export interface GzipOptions {
  /** 1 (fast) to 9 (small). */
  readonly level: number;
}

const schema = v.strictObject({
  level: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]$/, ({ input }) => `the level of gzip is 1 to 9, not ${JSON.stringify(input)}`),
      v.transform(Number),
    ),
    '6',
  ),
});

/** Options of `--compression gzip,level=N`. Errors: `E_PLUGIN_OPTIONS`. */
export function parseGzipOptions(raw: Readonly<Record<string, string>>): GzipOptions {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(issue => {
    const name = v.getDotPath(issue) ?? '';
    return issue.type === 'strict_object' ? `gzip has no option ${JSON.stringify(name)}` : issue.message;
  });
  throw new VarveError('E_PLUGIN_OPTIONS', problems.join('; '), { data: { problems } });
}
