import { VarveError } from '../../model/error.js';

export interface GzipOptions {
  /** 1 (fast) to 9 (small). */
  readonly level: number;
}

/** Options of `--compression gzip,level=N`. Errors: `E_PLUGIN_OPTIONS`, with all problems. */
export function parseGzipOptions({ level = '6', ...others }: Readonly<Record<string, string>>): GzipOptions {
  const problems = Object.keys(others).map(name => `gzip has no option ${JSON.stringify(name)}`);
  if (!/^[1-9]$/.test(level)) problems.unshift(`the level of gzip is 1 to 9, not ${JSON.stringify(level)}`);
  if (problems.length === 0) return { level: Number(level) };
  throw new VarveError('E_PLUGIN_OPTIONS', problems.join('; '), { data: { problems } });
}
