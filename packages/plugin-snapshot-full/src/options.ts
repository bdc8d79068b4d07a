import { contentHashes, type Detection } from '@varve/engine/kit';
import { VarveError } from '@varve/engine/plugin';
import * as v from 'valibot';

const schema = v.strictObject({
  verify: v.optional(v.picklist(['auto', 'all', 'evidence']), 'auto'),
  hash: v.optional(v.picklist(contentHashes), 'xxh3'),
  threads: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d?$/, 'Invalid number of threads: Expected 1 to 99'), v.transform(Number)),
  ),
});

/**
 * `--snapshot full,verify=…,hash=…,threads=…`. Reports all problems at once. Errors: `E_PLUGIN_OPTIONS`.
 */
export function parseOptions(raw: Readonly<Record<string, string>>): Detection {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) {
    const { verify, hash, threads } = parsed.output;
    return { content: verify, hash, ...(threads === undefined ? {} : { threads }) };
  }
  const problems = parsed.issues.map(issue => `${v.getDotPath(issue) ?? 'options'}: ${issue.message}`);
  throw new VarveError(
    'E_PLUGIN_OPTIONS',
    `the options of the snapshotter full are not valid: ${problems.join('; ')}`,
    {
      hint: 'Options are verify=auto|all|evidence, hash=xxh3|sha256 and threads=N.',
      data: { problems },
    },
  );
}
