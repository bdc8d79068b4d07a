import { DockerfileError } from '../errors.js';
import type {
  ArgInstruction,
  FromInstruction,
  Heredoc,
  Instruction,
  KeyValue,
  TransferInstruction,
  VolumeInstruction,
} from '../instruction.js';
import { evaluateMount } from '../mount-options.js';
import type { Word } from '../source.js';
import { type ExpandOptions, expandAndSplit, expandBody, expandInPlace, type Lookup } from './expand.js';

/** A way to expand words, with its lookup and options bound. */
interface Expander {
  word(word: Word): Word;
  split(word: Word): readonly Word[];
  body(heredoc: Heredoc): Heredoc;
  readonly lookup: Lookup;
  readonly options: ExpandOptions;
}

/**
 * Gives the instruction with exactly those words expanded that the reference expands for its keyword; the given one
 * is not touched. RUN: the options of mounts, the command never. COPY, ADD: sources, destination, `--chown`,
 * `--chmod`, `--checksum` (dropped where nothing comes out), and the bodies of heredocs whose name is not quoted. ENV, LABEL: keys and values, each
 * against the environment before the line. ARG: defaults, from left to right, each seeing those before it (see
 * `resolveArgs` where build arguments may override them). EXPOSE: with word splitting. FROM, VOLUME, USER, WORKDIR,
 * STOPSIGNAL: their words. All others stay as they are.
 *
 * @param lookup the value of a variable, undefined when unset
 * @throws DockerfileError E_BAD_SUBSTITUTION, E_VARIABLE_REQUIRED; E_BAD_MOUNT, E_BAD_ARGUMENT for what comes out
 */
export function expandInstruction<I extends Instruction>(
  instruction: I,
  lookup: Lookup,
  options: ExpandOptions = {},
): I {
  const expander: Expander = {
    word: word => expandInPlace(word, lookup, options),
    split: word => expandAndSplit(word, lookup, options),
    body: heredoc =>
      heredoc.expand
        ? { ...heredoc, content: expandBody({ value: heredoc.content, range: heredoc.range }, lookup, options) }
        : heredoc,
    lookup,
    options,
  };
  return expanded(instruction, expander) as I;
}

function expanded(instruction: Instruction, expander: Expander): Instruction {
  switch (instruction.keyword) {
    case 'FROM':
      return expandFrom(instruction, expander);
    case 'RUN': {
      const scope = { ...expander.options, lookup: expander.lookup };
      const mounts = instruction.mounts.map(mount => evaluateMount(mount.options, mount.range, scope));
      return { ...instruction, mounts };
    }
    case 'COPY': {
      const { chown, chmod, ...copy } = instruction;
      return { ...copy, ...expandTransfer(instruction, expander), ...expandOptions({ chown, chmod }, expander) };
    }
    case 'ADD': {
      const { chown, chmod, checksum, ...add } = instruction;
      const options = expandOptions({ chown, chmod, checksum }, expander);
      return { ...add, ...expandTransfer(instruction, expander), ...options };
    }
    case 'ENV':
    case 'LABEL':
      return { ...instruction, entries: instruction.entries.map(entry => expandEntry(entry, expander)) };
    case 'ARG':
      return expandArg(instruction, expander);
    case 'EXPOSE':
      return { ...instruction, ports: instruction.ports.flatMap(expander.split) };
    case 'VOLUME':
      return expandVolume(instruction, expander);
    case 'USER':
      return { ...instruction, user: expander.word(instruction.user) };
    case 'WORKDIR':
      return { ...instruction, path: expander.word(instruction.path) };
    case 'STOPSIGNAL':
      return { ...instruction, signal: expander.word(instruction.signal) };
    default:
      return instruction;
  }
}

function expandFrom(from: FromInstruction, { word }: Expander): FromInstruction {
  const image = word(from.image);
  const platform = from.platform === undefined ? undefined : word(from.platform);
  if (image.value === '') throw blank('the base image', from.image);
  if (from.platform !== undefined && platform?.value === '') throw blank('the platform', from.platform);
  return { ...from, image, ...(platform === undefined ? {} : { platform }) };
}

function blank(what: string, written: Word): DockerfileError {
  const message = `${what} is empty after expansion of ${written.value}`;
  const hint = 'only ARG before the first FROM is seen in FROM: give it a default, or a build argument';
  return new DockerfileError('E_BAD_ARGUMENT', message, written.range, hint);
}

function expandTransfer(
  { sources, heredocs, destination }: TransferInstruction,
  { word, body }: Expander,
): Pick<TransferInstruction, 'sources' | 'heredocs' | 'destination'> {
  return { sources: sources.map(word), heredocs: heredocs.map(body), destination: word(destination) };
}

/** Flags whose value expands to nothing are as good as not given. */
function expandOptions<K extends string>(
  written: Readonly<Record<K, Word | undefined>>,
  { word }: Expander,
): { readonly [key in K]?: Word } {
  const options: { [key in K]?: Word } = {};
  for (const key of Object.keys(written) as K[]) {
    const value = written[key] && word(written[key]);
    if (value !== undefined && value.value !== '') options[key] = value;
  }
  return options;
}

function expandEntry(entry: KeyValue, { word }: Expander): KeyValue {
  return { ...entry, key: word(entry.key), value: word(entry.value) };
}

function expandArg(instruction: ArgInstruction, { lookup, options }: Expander): ArgInstruction {
  const before = new Map<string, string>();
  const args = instruction.args.map(declaration => {
    if (declaration.default === undefined) return declaration;
    const value = expandInPlace(declaration.default, name => before.get(name) ?? lookup(name), options);
    before.set(declaration.name, value.value);
    return { ...declaration, default: value };
  });
  return { ...instruction, args };
}

function expandVolume(instruction: VolumeInstruction, { word }: Expander): VolumeInstruction {
  const paths = instruction.paths.map(path => {
    const value = word(path);
    if (value.value === '') throw new DockerfileError('E_BAD_ARGUMENT', 'a path of VOLUME is empty', path.range);
    return value;
  });
  return { ...instruction, paths };
}
