import { exitCodes } from '../exit-codes.js';
import { withFlagHint } from './flag-hints.js';
import { isUsage } from './usage-codes.js';

/** Where in the user's input a fault lies; see `ErrorPlace` of the engine. */
export interface ReportPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** Everything that is said about an error, whatever threw it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: ReportPlace;
  /** Lines of the file at `where`, from 1; absent where it cannot be read. */
  readonly source?: readonly string[];
  /** One line each, where several things are wrong at once. */
  readonly problems?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  /** The last lines of the step that failed, raw. */
  readonly output?: { readonly label: string; readonly lines: readonly string[] };
  /** Only for faults of Varve itself, and where `VARVE_DEBUG` asks for it. */
  readonly stack?: string;
  readonly exitCode: number;
}

export interface ReportContext {
  readonly debug: boolean;
  /** Set where the call was interrupted: whatever was thrown then is its consequence. */
  readonly interruptedBy?: NodeJS.Signals;
}

/** What to say about anything that was thrown. Decides by `code` alone. */
export function reportOf(error: unknown, context: ReportContext): ErrorReport {
  if (context.interruptedBy !== undefined) return interrupted(context.interruptedBy);
  const fields = typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  const code = text(fields.code);
  const message = text(fields.message) ?? String(error);
  const stack = context.debug ? stackOf(error) : undefined;
  if (code === undefined || !isKnown(code, fields)) return internal(message, code, stack);
  const where = placeOf(fields.where) ?? placeOfRange(fields.range);
  return {
    code,
    message,
    ...only('hint', withFlagHint(code, text(fields.hint))),
    ...only('where', where),
    ...only('problems', problemsOf(fields)),
    ...only('data', isRecord(fields.data) ? fields.data : undefined),
    ...only('stack', stack),
    exitCode: isUsage(code) && where === undefined ? exitCodes.wrongCall : exitCodes.failed,
  };
}

/** Codes of ours (`E_…`) and of the operating system (those come with the name of a system call). */
function isKnown(code: string, fields: Readonly<Record<string, unknown>>): boolean {
  return code !== 'E_INTERNAL' && (code.startsWith('E_') || typeof fields.syscall === 'string');
}

function interrupted(signal: NodeJS.Signals): ErrorReport {
  return { code: 'E_INTERRUPTED', message: 'interrupted', exitCode: exitCodes.interrupted(signal) };
}

function internal(message: string, code: string | undefined, stack: string | undefined): ErrorReport {
  const said = code === undefined || code === 'E_INTERNAL' ? message : `${message} (${code})`;
  return {
    code: 'E_INTERNAL',
    message: `this is a fault of Varve: ${said}`,
    hint:
      stack === undefined
        ? 'please report it; VARVE_DEBUG=1 in the environment adds the details that a report needs'
        : 'please report it with what stands below, and with the Dockerfile if you can',
    ...only('stack', stack),
    exitCode: exitCodes.failed,
  };
}

function problemsOf(fields: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const listed = fields.problems ?? (isRecord(fields.data) ? fields.data.problems : undefined);
  return Array.isArray(listed) ? listed.map(String) : undefined;
}

function placeOf(value: unknown): ReportPlace | undefined {
  if (!isRecord(value) || typeof value.file !== 'string') return undefined;
  if (typeof value.line !== 'number' || typeof value.column !== 'number') return undefined;
  const { file, line, column, endLine, endColumn } = value;
  return {
    file,
    line,
    column,
    ...only('endLine', typeof endLine === 'number' ? endLine : undefined),
    ...only('endColumn', typeof endColumn === 'number' ? endColumn : undefined),
  };
}

/** The range of a `DockerfileError`. */
function placeOfRange(value: unknown): ReportPlace | undefined {
  if (!isRecord(value) || !isRecord(value.start) || !isRecord(value.end)) return undefined;
  const { start, end, file } = value;
  return placeOf({ file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column });
}

function stackOf(error: unknown): string | undefined {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause) {
    parts.push(at.stack ?? `${at.name}: ${at.message}`);
  }
  return parts.length === 0 ? undefined : parts.join('\ncaused by: ');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function only<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
