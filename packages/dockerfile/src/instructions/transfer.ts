import { DockerfileError } from '../errors.js';
import type { FlagKind, FlagSet } from '../flags.js';
import { asHeredocHead } from '../heredoc.js';
import type { AddInstruction, CopyInstruction, Heredoc, TransferInstruction } from '../instruction.js';
import type { Word } from '../source.js';
import type { Statement } from '../statement.js';
import { countError } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';
import { checkFileName } from './heredoc-file.js';

const shared: Readonly<Record<string, FlagKind>> = {
  chown: 'value',
  chmod: 'value',
  link: 'boolean',
  exclude: 'values',
};
const copyFlags: Readonly<Record<string, FlagKind>> = { ...shared, from: 'value', parents: 'boolean' };
const addFlags: Readonly<Record<string, FlagKind>> = {
  ...shared,
  checksum: 'value',
  'keep-git-dir': 'boolean',
  unpack: 'boolean',
};

/** COPY [flags] source… destination */
export function buildCopy(statement: Statement): CopyInstruction {
  const flags = flagsOf(statement, copyFlags);
  const from = flags.value('from');
  if (from !== undefined && /\$./.test(from.value)) {
    const message = 'COPY --from does not support variable expansion';
    throw new DockerfileError('E_BAD_FLAG_VALUE', message, from.range, 'define an alias stage: FROM $image AS name');
  }
  return {
    keyword: 'COPY',
    ...transferOf(statement, flags),
    ...optionalWord('from', from),
    parents: flags.boolean('parents') ?? false,
  };
}

/** ADD [flags] source… destination */
export function buildAdd(statement: Statement): AddInstruction {
  const flags = flagsOf(statement, addFlags);
  const keepGitDir = flags.boolean('keep-git-dir');
  const unpack = flags.boolean('unpack');
  return {
    keyword: 'ADD',
    ...transferOf(statement, flags),
    ...optionalWord('checksum', flags.value('checksum')),
    ...(keepGitDir === undefined ? {} : { keepGitDir }),
    ...(unpack === undefined ? {} : { unpack }),
  };
}

function transferOf(statement: Statement, flags: FlagSet): TransferInstruction {
  const { words, name } = statement;
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) {
    const what = words.length === 0 ? 'none' : 'only one';
    const message = `${name} wants at least two arguments, ${what} is given`;
    throw countError(statement, message, `write ${name} <source>… <destination>`);
  }
  return {
    ...baseOf(statement),
    ...sourcesOf(statement, words.slice(0, -1), destination),
    destination,
    ...optionalWord('chown', flags.value('chown')),
    ...optionalWord('chmod', flags.value('chmod')),
    link: flags.boolean('link') ?? false,
    excludes: flags.values('exclude').map(flag => flag.value),
  };
}

/** Sources that are heredocs are those among the words that announce one. */
function sourcesOf(
  statement: Statement,
  words: readonly Word[],
  destination: Word,
): { readonly sources: readonly Word[]; readonly heredocs: readonly Heredoc[] } {
  if (asHeredocHead(destination.value) !== undefined) {
    const message = `a heredoc cannot be the destination of ${statement.name}`;
    throw new DockerfileError('E_BAD_HEREDOC', message, destination.range, 'write the destination last');
  }
  const sources: Word[] = [];
  const heredocs: Heredoc[] = [];
  for (const word of words) {
    if (statement.json || asHeredocHead(word.value) === undefined) {
      sources.push(word);
      continue;
    }
    const heredoc = statement.heredocs[heredocs.length];
    if (heredoc === undefined) {
      const message = `no lines follow for the heredoc ${word.value}`;
      throw new DockerfileError('E_BAD_HEREDOC', message, word.range, 'is a quote on this line not closed?');
    }
    checkFileName(heredoc);
    heredocs.push(heredoc);
  }
  const unused = statement.heredocs[heredocs.length];
  if (unused !== undefined) {
    const message = `the heredoc ${unused.name} is no source of ${statement.name}`;
    throw new DockerfileError('E_BAD_HEREDOC', message, unused.range, 'its name must not have blanks');
  }
  return { sources, heredocs };
}

function optionalWord<K extends string>(key: K, word: Word | undefined): { readonly [key in K]?: Word } {
  return word === undefined || word.value === '' ? {} : ({ [key]: word } as { readonly [key in K]: Word });
}
