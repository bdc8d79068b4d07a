import type { AddInstruction, CopyInstruction, Word } from '@varve/dockerfile';
import { VarveError } from '../../model/error.js';
import { isGitReference } from '../../model/git-reference.js';
import { placeOf } from '../../model/place.js';
import type { StepDownload, StepSource } from '../../model/step.js';

export type Transfer = CopyInstruction | AddInstruction;

/** A source of a transfer: paths of the instruction's one file source, a git repository, or a download; each with its number. */
export type TransferSource =
  | { readonly kind: 'path'; readonly word: Word; readonly source: number }
  | { readonly kind: 'git'; readonly word: Word; readonly source: number }
  | { readonly kind: 'url'; readonly word: Word; readonly download: number };

/** What a transfer reads, in the order of the line. */
export interface TransferPlan {
  readonly order: readonly TransferSource[];
  readonly sources: readonly StepSource[];
  readonly downloads: readonly StepDownload[];
}

/** Takes the sources of a COPY or ADD apart. Errors: `E_VALUE_INVALID`. */
export function planTransfer(instruction: Transfer): TransferPlan {
  checkChecksum(instruction);
  const paths = instruction.sources.filter(word => kindOf(instruction, word) === 'path');
  const sources: StepSource[] = paths.length > 0 ? [pathSource(instruction, paths)] : [];
  const downloads: StepDownload[] = [];
  const order = instruction.sources.map((word): TransferSource => {
    const kind = kindOf(instruction, word);
    if (kind === 'path') return { kind, word, source: 0 };
    if (kind === 'git') return { kind, word, source: sources.push(gitSource(instruction as AddInstruction, word)) - 1 };
    return { kind, word, download: downloads.push(downloadOf(instruction as AddInstruction, word)) - 1 };
  });
  return { order, sources, downloads };
}

/** `github.com/…` is a git reference to a builder's context, but a path to ADD. */
function kindOf(instruction: Transfer, { value, range }: Word): TransferSource['kind'] {
  const isGit = isGitReference(value) && !value.startsWith('github.com/');
  const kind = isGit ? 'git' : /^https?:\/\//.test(value) ? 'url' : 'path';
  if (kind !== 'path' && instruction.keyword === 'COPY')
    throw new VarveError('E_VALUE_INVALID', `COPY cannot take files from ${isGit ? 'a git repository' : 'a URL'}`, {
      hint: 'use ADD',
      where: placeOf(range),
    });
  return kind;
}

/** What paths are read from; the planner puts what `--from` names in the place of its text. */
function pathSource(instruction: Transfer, paths: readonly Word[]): StepSource {
  const from = instruction.keyword === 'COPY' ? instruction.from?.value : undefined;
  const parents = instruction.keyword === 'COPY' && instruction.parents;
  return {
    ref: from === undefined ? { kind: 'context', name: '' } : { kind: 'image', reference: from },
    patterns: paths.map(word => word.value),
    ranges: paths.map(word => word.range),
    ...(parents ? { select: 'parents' } : {}),
    ...excludesOf(instruction),
  };
}

function gitSource(instruction: AddInstruction, word: Word): StepSource {
  const { checksum, keepGitDir } = instruction;
  const asked = {
    ...(keepGitDir === undefined ? {} : { 'keep-git-dir': String(keepGitDir) }),
    ...(checksum === undefined ? {} : { checksum: checksum.value }),
  };
  return { ref: { kind: 'git', reference: withQuery(word, asked) }, patterns: ['.'], ...excludesOf(instruction) };
}

function excludesOf({ excludes }: Transfer): Pick<StepSource, 'excludes'> {
  return excludes.length > 0 ? { excludes: excludes.map(word => word.value) } : {};
}

/** A git URL with parameters added; one that says something else already is refused. */
function withQuery({ value, range }: Word, asked: Readonly<Record<string, string>>): string {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(value) ?? [];
  const parameters = new URLSearchParams(query);
  for (const [name, wanted] of Object.entries(asked)) {
    const other = parameters.get(name) ?? (name === 'checksum' ? parameters.get('commit') : null);
    if (other !== null && normal(other) !== normal(wanted))
      throw new VarveError('E_VALUE_INVALID', `--${name}=${wanted} contradicts the URL, which says ${other}`, {
        hint: 'say it in one place',
        where: placeOf(range),
      });
    if (other === null) parameters.set(name, wanted);
  }
  const text = parameters.toString();
  return `${address}${text === '' ? '' : `?${text}`}${fragment}`;
}

function normal(value: string): string {
  return value === '' || value === '1' ? 'true' : value === '0' ? 'false' : value;
}

function downloadOf({ checksum }: AddInstruction, { value }: Word): StepDownload {
  return { url: value, ...(checksum === undefined ? {} : { checksum: checksum.value }) };
}

/** `--checksum` is of one source: a digest for a URL, a commit or the beginning of one for a repository. */
function checkChecksum(instruction: Transfer): void {
  if (instruction.keyword !== 'ADD' || instruction.checksum === undefined) return;
  const { value, range } = instruction.checksum;
  const invalid = (message: string, hint: string): VarveError =>
    new VarveError('E_VALUE_INVALID', message, { hint, where: placeOf(range) });
  const [word, ...others] = instruction.sources;
  if (word === undefined || others.length > 0 || instruction.heredocs.length > 0)
    throw invalid('--checksum is of one source, and here are more', 'give each an ADD of its own');
  const kind = kindOf(instruction, word);
  if (kind === 'path')
    throw invalid('--checksum is for URLs and git repositories', 'files of the context are in the key anyway');
  if (kind === 'url' && !/^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/.test(value))
    throw invalid(`"${value}" is no digest`, 'write it as sha256: and 64 hexadecimal digits');
  if (kind === 'git' && !/^[0-9a-f]{4,64}$/.test(value))
    throw invalid(`"${value}" is no commit`, 'write its hexadecimal name, or the beginning of it');
}
