import { posix } from 'node:path';
import type { BindMount, CacheMount, Mount, RunInstruction, SecretMount, SshMount } from '@varve/dockerfile';
import { frame } from '../key/key.js';
import { VarveError } from '../model/error.js';
import { placeOf } from '../model/place.js';
import type { StepSource, StepState } from '../model/step.js';
import type { CommandMount, MountOwner } from '../plugin/instruction.js';
import { absolutePath } from './paths.js';

/** Build argument that keeps the cache mounts of builds apart from those of others (BuildKit's name). */
const cacheNamespaceArg = 'BUILDKIT_CACHE_MOUNT_NS';

/** What a RUN's mounts read, in the order in which {@link commandMounts} counts them. */
export function mountSources(instruction: RunInstruction): readonly StepSource[] {
  return instruction.mounts.filter(readsSource).map(mount => ({
    ref: mount.from === undefined ? { kind: 'context', name: '' } : { kind: 'image', reference: mount.from.value },
    patterns: [sourcePath(mount)],
    select: 'paths',
  }));
}

/**
 * The mounts of a RUN, sorted by target so that an outer one comes before what is mounted inside it, as BuildKit does. Errors:
 * `E_VALUE_INVALID` for a target that is missing or the root.
 */
export function commandMounts(instruction: RunInstruction, state: StepState): readonly CommandMount[] {
  let sources = 0;
  let agents = 0;
  const mounts = instruction.mounts.map((mount): CommandMount => {
    const where = placeOf(mount.range);
    const source = readsSource(mount) ? sources++ : undefined;
    if (mount.type === 'secret') return { ...secretMount(mount, state), where };
    if (mount.type === 'ssh') return { ...sshMount(mount, state, agents++), where };
    const target = targetOf(mount, state);
    if (mount.type === 'tmpfs')
      return { kind: 'tmpfs', target, where, ...(mount.sizeLimit === undefined ? {} : { size: mount.sizeLimit }) };
    if (mount.type === 'cache') return { ...cacheMount(mount, state, source), target, where };
    return { kind: 'source', source: source as number, target, readOnly: mount.readOnly, where };
  });
  return mounts.toSorted((a, b) => order(a.target ?? '', b.target ?? ''));
}

/**
 * What decides a step of a mount. Of a cache neither its name nor how it is shared; of secrets and agents how they are shown, never
 * what they are. What sources hold is in the key by itself.
 */
export function mountField(mount: CommandMount): string {
  const { where: _where, ...rest } = mount;
  if (rest.kind === 'tmpfs') return frame(['tmpfs', rest.target, String(rest.size ?? '')]);
  if (rest.kind === 'source') return frame(['bind', rest.target, String(rest.source), String(rest.readOnly)]);
  if (rest.kind === 'cache') {
    const initial = 'source' in rest.initial ? String(rest.initial.source) : ownerField(rest.initial.owner);
    return frame(['cache', rest.target, String(rest.readOnly), initial]);
  }
  const shown = [rest.kind, rest.id, rest.target ?? '', String(rest.required), ownerField(rest.owner)];
  return frame(rest.kind === 'secret' ? [...shown, rest.env === undefined ? '' : `=${rest.env}`] : shown);
}

/** The environment with what mounts add that is no secret: the socket of the first agent, unless the step has one of its own. */
export function mountEnvironment(env: readonly string[], mounts: readonly CommandMount[]): readonly string[] {
  const agent = mounts.find(mount => mount.kind === 'ssh');
  if (!agent || env.some(line => line.startsWith('SSH_AUTH_SOCK='))) return env;
  return [...env, `SSH_AUTH_SOCK=${agent.target}`];
}

type ReadingMount = BindMount | CacheMount;

/** A cache mount that changes the owner of its root starts empty in BuildKit, whatever it is made from. */
function readsSource(mount: Mount): mount is ReadingMount {
  if (mount.type === 'bind') return true;
  return mount.type === 'cache' && mount.from !== undefined && (sourcePath(mount) !== '' || !hasOwner(mount));
}

function hasOwner(mount: CacheMount | SecretMount | SshMount): boolean {
  return mount.mode !== undefined || mount.uid !== undefined || mount.gid !== undefined;
}

function sourcePath(mount: ReadingMount): string {
  return posix.resolve('/', mount.source?.value ?? '').slice(1);
}

function cacheMount(
  mount: CacheMount,
  state: StepState,
  source: number | undefined,
): Omit<Extract<CommandMount, { kind: 'cache' }>, 'target'> {
  if (mount.from === undefined && sourcePath(mount) !== '')
    throw new VarveError('E_VALUE_INVALID', 'RUN --mount=type=cache begins empty: its source is a folder of nothing', {
      hint: 'say with from= which stage, image or named context the folder is in',
      where: placeOf(mount.range),
    });
  const id = mount.id?.value || cleanTarget(mount.target?.value ?? '');
  const namespace = state.given.get(cacheNamespaceArg);
  return {
    kind: 'cache',
    id: namespace ? `${namespace}/${id}` : id,
    sharing: mount.sharing,
    readOnly: mount.readOnly,
    initial: source === undefined ? { owner: ownerOf(mount, 0o755) } : { source },
  };
}

function secretMount(mount: SecretMount, state: StepState): Extract<CommandMount, { kind: 'secret' }> {
  const id = mount.id?.value || posix.basename(mount.target?.value ?? '');
  if (id === '')
    throw new VarveError('E_VALUE_INVALID', 'RUN --mount=type=secret needs an id or a target', {
      where: placeOf(mount.range),
    });
  const named = mount.target?.value ? targetOf(mount, state) : undefined;
  const target = named ?? (mount.env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined);
  return {
    kind: 'secret',
    id,
    required: mount.required,
    owner: ownerOf(mount, 0o400),
    ...(target === undefined ? {} : { target }),
    ...(mount.env === undefined ? {} : { env: mount.env.value }),
  };
}

function sshMount(mount: SshMount, state: StepState, index: number): Extract<CommandMount, { kind: 'ssh' }> {
  return {
    kind: 'ssh',
    id: mount.id?.value || 'default',
    required: mount.required,
    target: mount.target?.value ? targetOf(mount, state) : `/run/buildkit/ssh_agent.${index}`,
    owner: ownerOf(mount, 0o600),
  };
}

function ownerOf(mount: CacheMount | SecretMount | SshMount, mode: number): MountOwner {
  return { mode: mount.mode ?? mode, uid: mount.uid ?? 0, gid: mount.gid ?? 0 };
}

function ownerField({ mode, uid, gid }: MountOwner): string {
  return frame([String(mode), String(uid), String(gid)]);
}

function targetOf(mount: Mount, state: StepState): string {
  const where = placeOf(mount.range);
  if (!mount.target?.value)
    throw new VarveError('E_VALUE_INVALID', `RUN --mount=type=${mount.type} needs a target`, { where });
  const target = absolutePath(state.config.config?.WorkingDir, mount.target.value).replace(/(.)\/$/, '$1');
  if (target === '/') throw new VarveError('E_VALUE_INVALID', 'nothing can be mounted over the root', { where });
  return target;
}

function cleanTarget(target: string): string {
  return posix.normalize(target).replace(/(.)\/$/, '$1');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
