import { DockerfileError } from './errors.js';
import { type ExpandOptions, expandInPlace, type Lookup } from './expand/expand.js';
import type { FlagValue } from './flags.js';
import { parseBoolean, parseCsvLine, parseSize, parseUnsigned } from './go-values.js';
import type { Mount, MountOption } from './mount.js';
import { didYouMean } from './nearest.js';
import type { SourceRange, Word } from './source.js';

const mountTypes = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const sharings = ['shared', 'private', 'locked'] as const;

type MountType = (typeof mountTypes)[number];

/** Other spellings of an option. */
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

/** Which kinds of mount have an option. BuildKit lets `id`, `source` and read-only flags stand on every kind. */
const optionTypes: Readonly<Record<string, readonly MountType[]>> = {
  type: mountTypes,
  from: ['bind', 'cache'],
  source: mountTypes,
  target: mountTypes,
  readonly: mountTypes,
  readwrite: mountTypes,
  id: mountTypes,
  sharing: ['cache'],
  required: ['secret', 'ssh'],
  size: ['tmpfs'],
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
  env: ['secret'],
};

/** Options that may stand without a value. */
const bare = ['readonly', 'readwrite', 'required'];
const optionNames = [...Object.keys(optionTypes), ...Object.keys(aliases)];

/**
 * Reads the value of a `--mount` flag.
 *
 * @throws DockerfileError E_BAD_MOUNT
 */
export function readMount(flag: FlagValue, escapeChar: '\\' | '`'): Mount {
  const { token } = flag;
  const begin = token.value.indexOf('=') + 1;
  const fields = parseCsvLine(flag.value.value);
  if (fields === undefined) {
    const message = '--mount wants options separated by commas';
    throw new DockerfileError('E_BAD_MOUNT', message, flag.value.range, 'write --mount=type=…,target=…');
  }
  const options = fields.map(field => {
    const place = (from: number, to: number): SourceRange =>
      token.rangeWithin(begin + field.start + from, begin + field.start + to);
    const equals = field.value.indexOf('=');
    const keyEnd = equals < 0 ? field.value.length : equals;
    const key: Word = { value: field.value.slice(0, keyEnd).toLowerCase(), range: place(0, keyEnd) };
    if (equals < 0) return { key };
    const value: Word = { value: field.value.slice(equals + 1), range: place(equals + 1, field.end - field.start) };
    return { key, value };
  });
  return evaluateMount(options, token.range, { escape: escapeChar });
}

/** Where to look variables up; without, options that hold one are left for later. */
export interface MountScope extends ExpandOptions {
  readonly lookup?: Lookup;
}

/** An option under its first name, with its value as the mount gets it. */
interface Evaluated {
  readonly name: string;
  readonly option: MountOption;
  /** Undefined when nothing is after the key, or when it holds a variable that cannot be expanded yet. */
  readonly value?: Word;
}

/**
 * Makes a mount of its options.
 *
 * @throws DockerfileError E_BAD_MOUNT, and what an expansion throws
 */
export function evaluateMount(options: readonly MountOption[], range: SourceRange, scope: MountScope): Mount {
  const evaluated = options.map(option => evaluateOption(option, scope));
  const known = evaluated.filter(entry => entry.option.value === undefined || entry.value !== undefined);
  const deferred = known.length < evaluated.length;
  const last = (name: string): Evaluated | undefined => known.findLast(entry => entry.name === name);
  const type = mountType(last('type')?.value);
  const typeIsOpen = evaluated.some(entry => entry.name === 'type' && !known.includes(entry));
  if (!typeIsOpen) checkPlaces(known, type);
  const base = { range, options, deferred, ...readOnlyOf(known, type), ...word('target', last('target')) };
  const owner = {
    ...number('mode', last('mode'), 8),
    ...number('uid', last('uid'), 10),
    ...number('gid', last('gid'), 10),
  };
  const required = flagOf(last('required')) ?? false;
  const origin = { ...word('source', last('source')), ...word('from', last('from')) };
  switch (type) {
    case 'bind':
      return { type, ...base, ...origin };
    case 'cache':
      return {
        type,
        ...base,
        ...origin,
        ...owner,
        ...word('id', last('id')),
        sharing: sharingOf(last('sharing')?.value),
      };
    case 'tmpfs':
      return { type, ...base, ...sizeOf(last('size')?.value) };
    case 'ssh':
      return { type, ...base, ...owner, ...word('id', last('id')), required };
    case 'secret':
      checkSecret(evaluated, range);
      return {
        type,
        ...base,
        ...owner,
        ...word('id', last('id') ?? last('source')),
        ...secretVariable(last('env'), last('id') ?? last('source') ?? last('target')),
        required,
      };
  }
}

function evaluateOption(option: MountOption, scope: MountScope): Evaluated {
  const { key, value } = option;
  const name = (Object.hasOwn(aliases, key.value) ? aliases[key.value] : undefined) ?? key.value;
  if (!Object.hasOwn(optionTypes, name)) {
    const hint = didYouMean(key.value, optionNames) ?? `known: ${optionNames.join(', ')}`;
    throw new DockerfileError('E_BAD_MOUNT', `--mount has no option ${JSON.stringify(key.value)}`, key.range, hint);
  }
  if (value === undefined) {
    if (bare.includes(name)) return { name, option };
    const message = `the option ${key.value} of --mount lacks its value`;
    throw new DockerfileError('E_BAD_MOUNT', message, key.range, `write ${key.value}=<value>`);
  }
  if (name === 'from' && /\$./.test(value.value)) {
    const message = "'from' does not support variable expansion";
    throw new DockerfileError('E_BAD_MOUNT', message, value.range, 'define an alias stage: FROM $image AS name');
  }
  if (scope.lookup !== undefined) return { name, option, value: expandInPlace(value, scope.lookup, scope) };
  if (value.value.includes('$')) return { name, option };
  return { name, option, value: expandInPlace(value, () => undefined, scope) };
}

function mountType(value: Word | undefined): MountType {
  if (value === undefined) return 'bind';
  const type = mountTypes.find(known => known === value.value.toLowerCase());
  if (type !== undefined) return type;
  const hint = didYouMean(value.value, mountTypes) ?? `known: ${mountTypes.join(', ')}`;
  throw new DockerfileError('E_BAD_MOUNT', `unsupported mount type ${JSON.stringify(value.value)}`, value.range, hint);
}

/** Options that the reference judges as it reads them, by the type that was given before. */
const judgedInOrder = ['required', 'size'];

function checkPlaces(entries: readonly Evaluated[], type: MountType): void {
  let typeSoFar: MountType = 'bind';
  for (const entry of entries) {
    checkPlace(entry, type);
    if (entry.name === 'type') typeSoFar = mountType(entry.value);
    if (!judgedInOrder.includes(entry.name) || typeSoFar === type) continue;
    const message = `the option ${entry.option.key.value} of --mount stands before the type that it belongs to`;
    throw new DockerfileError('E_BAD_MOUNT', message, entry.option.key.range, `write type=${type} first`);
  }
}

function checkPlace({ name, option }: Evaluated, type: MountType): void {
  const types = optionTypes[name] ?? [];
  if (types.includes(type)) return;
  const message = `the option ${option.key.value} does not belong to a mount of type ${type}`;
  throw new DockerfileError('E_BAD_MOUNT', message, option.key.range, `it is for type=${types.join(', type=')}`);
}

/** The last of `ro` and `rw` decides; without either, caches and tmpfs are writable. */
function readOnlyOf(known: readonly Evaluated[], type: MountType): { readonly readOnly: boolean } {
  const entry = known.findLast(({ name }) => name === 'readonly' || name === 'readwrite');
  if (entry === undefined) return { readOnly: type !== 'cache' && type !== 'tmpfs' };
  const set = flagOf(entry) ?? true;
  return { readOnly: entry.name === 'readonly' ? set : !set };
}

function flagOf(entry: Evaluated | undefined): boolean | undefined {
  if (entry === undefined) return undefined;
  if (entry.value === undefined) return true;
  return parseBoolean(entry.value.value) ?? invalid(entry.option, entry.value, 'true or false');
}

function sharingOf(value: Word | undefined): (typeof sharings)[number] {
  if (value === undefined) return 'shared';
  const sharing = sharings.find(known => known === value.value.toLowerCase());
  if (sharing !== undefined) return sharing;
  const hint = didYouMean(value.value, sharings) ?? `known: ${sharings.join(', ')}`;
  throw new DockerfileError('E_BAD_MOUNT', `unsupported sharing ${JSON.stringify(value.value)}`, value.range, hint);
}

function sizeOf(value: Word | undefined): { readonly sizeLimit?: number } {
  if (value === undefined) return {};
  const sizeLimit = parseSize(value.value);
  if (sizeLimit !== undefined) return { sizeLimit };
  const message = `invalid size ${JSON.stringify(value.value)}`;
  throw new DockerfileError('E_BAD_MOUNT', message, value.range, 'write a number of bytes with k, m, g, t or p: 64m');
}

function word<K extends string>(key: K, entry: Evaluated | undefined): { readonly [key in K]?: Word } {
  if (entry?.value === undefined || entry.value.value === '') return {};
  return { [key]: entry.value } as { readonly [key in K]: Word };
}

function number<K extends string>(
  key: K,
  entry: Evaluated | undefined,
  base: 8 | 10,
): { readonly [key in K]?: number } {
  if (entry?.value === undefined) return {};
  const wanted = base === 8 ? 'an octal number' : 'a number';
  const value = parseUnsigned(entry.value.value, base) ?? invalid(entry.option, entry.value, wanted);
  return { [key]: value } as { readonly [key in K]: number };
}

function invalid(option: MountOption, value: Word, wanted: string): never {
  const message = `invalid value ${JSON.stringify(value.value)} for ${option.key.value}: ${wanted} is wanted`;
  throw new DockerfileError('E_BAD_MOUNT', message, value.range);
}

/** The environment variable of a secret; `env=` with nothing after it means the secret's own name. */
function secretVariable(env: Evaluated | undefined, secret: Evaluated | undefined): { readonly env?: Word } {
  if (env?.value === undefined) return {};
  const name = env.value.value === '' ? (secret?.value?.value.split('/').at(-1) ?? '') : env.value.value;
  return { env: { value: name, range: env.value.range } };
}

function checkSecret(entries: readonly Evaluated[], range: SourceRange): void {
  const given = (name: string): Evaluated | undefined =>
    entries.find(entry => entry.name === name && entry.value?.value !== '');
  const source = given('source');
  if (source !== undefined && given('id') !== undefined) {
    const message = 'a secret mount has an id or a source, not both';
    throw new DockerfileError('E_BAD_MOUNT', message, source.option.key.range, 'drop source');
  }
  if (source === undefined && given('id') === undefined && given('target') === undefined) {
    const message = 'a secret mount needs an id or a target';
    throw new DockerfileError('E_BAD_MOUNT', message, range, 'write --mount=type=secret,id=<name>');
  }
}
