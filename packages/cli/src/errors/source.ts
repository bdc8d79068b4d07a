import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ErrorReport } from './report.js';

const largestSource = 1024 * 1024;

/**
 * The report with the text of the file that it points into, so that an excerpt can be shown. Unchanged where there is no such file,
 * it is not a regular one, or it is larger than 1 MiB: an error about an error helps nobody.
 */
export async function withSource(report: ErrorReport, cwd: string): Promise<ErrorReport> {
  if (report.where === undefined || report.where.file === '-') return report;
  const path = resolve(cwd, report.where.file);
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > largestSource) return report;
    const text = await readFile(path, 'utf8');
    return { ...report, source: text.replace(/^\uFEFF/, '').split(/\r?\n/) };
  } catch {
    return report;
  }
}
