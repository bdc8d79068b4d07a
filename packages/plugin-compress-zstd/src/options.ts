import { VarveError } from '@varve/engine/plugin';
import * as v from 'valibot';

export interface ZstdOptions {
  /** 1 (fast) to 19 (small). */
  readonly level: number;
}

/** Levels above 19 need more memory to read than many runtimes allow. */
const schema = v.strictObject({
  level: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(?:[1-9]|1[0-9])$/, ({ input }) => `the level of zstd is 1 to 19, not ${JSON.stringify(input)}`),
      v.transform(Number),
    ),
    '3',
  ),
});

/** Options of `--compression zstd,level=N`. All problems are reported at once. Errors: `E_PLUGIN_OPTIONS`. */
export function parseOptions(raw: Readonly<Record<string, string>>): ZstdOptions {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(issue =>
    issue.type === 'strict_object' ? `zstd has no option ${JSON.stringify(v.getDotPath(issue) ?? '')}` : issue.message,
  );
  throw new VarveError('E_PLUGIN_OPTIONS', problems.join('; '), {
    hint: 'write --compression zstd or --compression zstd,level=N',
    data: { problems },
  });
}
