import { VarveError } from '../model/error.js';
import type { Channel } from './channel.js';
import { fromWire, toWire, type WireError } from './wire-error.js';

/** Every method of a host: what it takes, what it gives, and what it tells while it works. */
export type MethodTable = Record<string, { params: unknown; result: unknown; event: unknown }>;

type Message =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'note'; readonly name: string; readonly value: unknown }
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError };

export interface CallOptions<Event> {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
}

/** The calling side. */
export interface Caller<M extends MethodTable> {
  /** Errors of the other side arrive with their codes; `E_HOST_DIED` when it is gone before it answered. */
  call<K extends keyof M & string>(
    method: K,
    params: M[K]['params'],
    options?: CallOptions<M[K]['event']>,
  ): Promise<M[K]['result']>;
  /** A message that has no answer. */
  note(name: string, value: unknown): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onEvent: ((event: never) => void) | undefined;
}

export function createCaller<M extends MethodTable>(channel: Channel, describeDeath: () => string): Caller<M> {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let dead = false;
  const died = (): VarveError => new VarveError('E_HOST_DIED', describeDeath());
  channel.onClose(() => {
    dead = true;
    for (const call of pending.values()) call.reject(died());
    pending.clear();
  });
  channel.onMessage(raw => {
    const message = raw as Message;
    if (message.type !== 'event' && message.type !== 'result' && message.type !== 'error') return;
    const call = pending.get(message.id);
    if (!call) return;
    if (message.type === 'event') return void call.onEvent?.(message.event as never);
    pending.delete(message.id);
    if (message.type === 'result') call.resolve(message.value);
    else call.reject(fromWire(message.error));
  });
  return {
    call(method, params, options = {}) {
      if (dead) return Promise.reject(died());
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const cancel = (): void => channel.send({ type: 'cancel', id } satisfies Message);
        const settle = (): void => options.signal?.removeEventListener('abort', cancel);
        pending.set(id, {
          resolve(value) {
            settle();
            resolve(value as never);
          },
          reject(error) {
            settle();
            reject(options.signal?.aborted ? options.signal.reason : error);
          },
          onEvent: options.onEvent as Pending['onEvent'],
        });
        channel.send({ type: 'call', id, method, params } satisfies Message);
        if (options.signal?.aborted) cancel();
        else options.signal?.addEventListener('abort', cancel, { once: true });
      });
    },
    note: (name, value) => channel.send({ type: 'note', name, value } satisfies Message),
  };
}

/** What a served method may use besides its parameters. */
export interface CallContext<Event> {
  /** Aborted when the caller no longer wants the answer, or is gone. */
  readonly signal: AbortSignal;
  emit(event: Event): void;
}
export type Handlers<M extends MethodTable> = {
  readonly [K in keyof M]: (params: M[K]['params'], context: CallContext<M[K]['event']>) => Promise<M[K]['result']>;
};

/** The answering side. Resolves when the caller is gone and every call has settled. */
export async function serve<M extends MethodTable>(
  channel: Channel,
  handlers: Handlers<M>,
  onNote: (name: string, value: unknown) => void,
): Promise<void> {
  const running = new Map<number, { readonly abort: AbortController; readonly settled: Promise<void> }>();
  channel.onMessage(raw => {
    const message = raw as Message;
    if (message.type === 'note') return onNote(message.name, message.value);
    if (message.type === 'cancel') return running.get(message.id)?.abort.abort();
    if (message.type !== 'call') return;
    const { id, method, params } = message;
    const abort = new AbortController();
    const emit = (event: unknown): void => channel.send({ type: 'event', id, event } satisfies Message);
    const settled = Promise.resolve()
      .then(() => (handlers[method] as Handlers<MethodTable>[string])(params, { signal: abort.signal, emit }))
      .then(
        value => channel.send({ type: 'result', id, value } satisfies Message),
        error => channel.send({ type: 'error', id, error: toWire(error) } satisfies Message),
      )
      .finally(() => running.delete(id));
    running.set(id, { abort, settled });
  });
  await new Promise<void>(resolve => channel.onClose(resolve));
  for (const call of running.values()) call.abort.abort();
  await Promise.allSettled([...running.values()].map(call => call.settled));
}
