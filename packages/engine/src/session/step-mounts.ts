import { resolve } from 'node:path';
import type { HostMount } from '../host/protocol.js';
import { cacheMountName } from '../key/cache-mount.js';
import { VarveError, type VarveErrorDetails } from '../model/error.js';
import type { CommandMount, StepCommand } from '../plugin/instruction.js';
import type { MountedCommand, MountedSources } from '../run/tools.js';
import type { MountTrees } from '../sources/mount-trees.js';
import { removeFolder } from '../store/remove-folder.js';
import { givenSecret } from './secrets.js';
import type { Session } from './session.js';

/**
 * Finds what the mounts of a command need: files laid out, secrets read, sockets of agents. Errors: `E_SECRET_MISSING`, `E_SSH_MISSING`,
 * `E_COPY_SOURCE_MISSING`.
 */
export async function mountCommand(
  session: Session,
  trees: MountTrees,
  command: StepCommand,
  sources: MountedSources,
): Promise<MountedCommand> {
  const finder = new MountFinder(session, trees, sources);
  try {
    const mounts: HostMount[] = [];
    // Secrets first: what is not there is told before anything is laid out.
    const secrets = new Map<CommandMount, Uint8Array | undefined>();
    for (const mount of command.mounts) if (mount.kind === 'secret') secrets.set(mount, await finder.secret(mount));
    for (const mount of command.mounts) mounts.push(...(await finder.find(mount, secrets.get(mount))));
    const env = secretEnvironment(command.env, secrets);
    return { command: { ...command, env, mounts }, release: () => finder.release() };
  } catch (error) {
    await finder.release();
    throw error;
  }
}

class MountFinder {
  readonly #session: Session;
  readonly #trees: MountTrees;
  readonly #sources: MountedSources;
  readonly #own: string[] = [];

  constructor(session: Session, trees: MountTrees, sources: MountedSources) {
    this.#session = session;
    this.#trees = trees;
    this.#sources = sources;
  }

  async find(mount: CommandMount, secret: Uint8Array | undefined): Promise<readonly HostMount[]> {
    if (mount.kind === 'tmpfs') return [mount];
    if (mount.kind === 'source') {
      const { target, readOnly } = mount;
      return [{ kind: 'bind', source: await this.#layOut(mount.source, readOnly), target, readOnly }];
    }
    if (mount.kind === 'cache') return [await this.#cache(mount)];
    if (mount.kind === 'ssh') return this.#agent(mount);
    const { target, owner } = mount;
    return secret === undefined || target === undefined ? [] : [{ kind: 'secret', target, owner, content: secret }];
  }

  async secret(mount: Extract<CommandMount, { kind: 'secret' }>): Promise<Uint8Array | undefined> {
    const { options } = this.#session;
    const place = placed(mount);
    const value = await givenSecret(options, mount.id, place);
    if (value !== undefined) return value;
    if (!mount.required) return undefined;
    throw new VarveError('E_SECRET_MISSING', `the step needs the secret "${mount.id}", which the build was not given`, {
      hint: options.secrets?.some(({ id }) => id === mount.id)
        ? 'set the environment variable that --secret names'
        : `pass it with --secret id=${mount.id},src=FILE or --secret id=${mount.id},env=NAME`,
      ...place,
    });
  }

  async #cache(mount: Extract<CommandMount, { kind: 'cache' }>): Promise<HostMount> {
    const { id, sharing, target, readOnly, initial } = mount;
    const name = cacheMountName(
      id,
      'source' in initial ? { source: this.#sources.digest(initial.source) } : initial.owner,
    );
    const begin = 'source' in initial ? { dir: await this.#layOut(initial.source, false) } : initial;
    return { kind: 'cache', id, name, sharing, target, readOnly, initial: begin };
  }

  #agent(mount: Extract<CommandMount, { kind: 'ssh' }>): readonly HostMount[] {
    const { options } = this.#session;
    const given = options.ssh?.find(({ id }) => id === mount.id);
    const agent = given ? (given.sock ?? options.env.SSH_AUTH_SOCK) : undefined;
    if (agent) return [{ kind: 'ssh', target: mount.target, owner: mount.owner, agent: resolve(options.cwd, agent) }];
    if (!mount.required) return [];
    throw new VarveError('E_SSH_MISSING', `the step needs the SSH agent "${mount.id}", which the build was not given`, {
      hint: given
        ? 'set SSH_AUTH_SOCK, or name a socket'
        : `pass it with --ssh ${mount.id} or --ssh ${mount.id}=SOCKET`,
      ...placed(mount),
    });
  }

  /** What is only read is laid out once a build; what may be written is the step's own. */
  async #layOut(index: number, isShared: boolean): Promise<string> {
    const source = await this.#sources.open(index);
    const path = this.#sources.path(index);
    if (isShared) return this.#trees.shared(this.#sources.digest(index), source, path);
    const laid = await this.#trees.own(source, path);
    this.#own.push(laid.dir);
    return laid.path;
  }

  async release(): Promise<void> {
    for (const dir of this.#own) await removeFolder(dir);
  }
}

function placed({ where }: CommandMount): Pick<VarveErrorDetails, 'where'> {
  return where ? { where } : {};
}

/** Secrets that were asked for as variables come last and replace others of their name. */
function secretEnvironment(
  env: readonly string[],
  secrets: ReadonlyMap<CommandMount, Uint8Array | undefined>,
): readonly string[] {
  const added = new Map<string, string>();
  for (const [mount, content] of secrets) {
    if (mount.kind !== 'secret' || mount.env === undefined || content === undefined) continue;
    if (content.includes(0))
      throw new VarveError('E_VALUE_INVALID', `the secret "${mount.id}" holds a zero byte and can be no variable`, {
        hint: 'mount it as a file',
        ...placed(mount),
      });
    added.set(mount.env, Buffer.from(content).toString());
  }
  if (added.size === 0) return env;
  const kept = env.filter(line => !added.has(line.slice(0, line.indexOf('='))));
  return [...kept, ...[...added].map(([name, value]) => `${name}=${value}`)];
}
