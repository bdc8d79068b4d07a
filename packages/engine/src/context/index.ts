import { type AnyProvider, type Provider, provide, type Tools } from '../plugin/plugin.js';

type Create = Provider<'context'>['create'];

const localSource: Create = async () => (await import('./local.js')).localSource;
const gitSource: Create = async (tools: Tools) => (await import('./git/git-source.js')).gitSource(tools.env);
const httpSource: Create = async (tools: Tools) => (await import('./http.js')).httpSource(tools.env);
const stdinSource: Create = async () => (await import('./stdin.js')).stdinSource;

/** The contexts that Varve has built in. Of those that take a reference the highest rank wins; `dir` takes whatever is left. */
export const contextProviders: readonly AnyProvider[] = [
  contextProvider('stdin', 'reads a tar, or a Dockerfile alone, from standard input', 50, stdinSource),
  contextProvider('git', 'fetches a git repository with the git program', 40, gitSource),
  contextProvider('http', 'downloads a tar, or a Dockerfile alone', 30, httpSource),
  contextProvider('dir', 'reads a folder or a tar file on this machine', 0, localSource),
];

function contextProvider(id: string, summary: string, rank: number, create: Create): AnyProvider {
  return provide({ slot: 'context', id, summary, traits: {}, rank, create });
}
