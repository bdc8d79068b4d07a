import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../src/', import.meta.url));

/** The text of every source file but the table of error codes itself. */
export function sourceTexts(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && path !== 'errors.ts')
    .map(path => readFileSync(folder + path, 'utf8'));
}
