import { codeOf, VarveError } from '../model/error.js';
import { type Hook, type HookArgs, type HookName, hookKind } from '../plugin/hooks.js';
import type { Plugin } from '../plugin/plugin.js';

interface Entry {
  readonly plugin: string;
  readonly order: 'first' | 'middle' | 'last';
  readonly run: Hook<keyof HookArgs>;
}

const rank = { first: 0, middle: 1, last: 2 } as const;

/** Runs the hooks of the operator's plugins. Each hook has one kind, so each way of running takes only names of its kind. */
export class Hooks {
  readonly #entries = new Map<keyof HookArgs, readonly Entry[]>();
  /** `plugin.hook` of every hook that has not returned yet: whom to blame when nothing goes on. */
  readonly pending = new Set<string>();

  constructor(plugins: readonly Plugin[]) {
    for (const name of Object.keys(hookKind) as (keyof HookArgs)[]) {
      const entries = plugins.flatMap((plugin): Entry[] => {
        const hook = plugin.hooks?.[name];
        if (!hook) return [];
        const [order, run] =
          typeof hook === 'function' ? (['middle', hook] as const) : ([hook.order, hook.run] as const);
        return [{ plugin: plugin.name, order, run: run as Hook<keyof HookArgs> }];
      });
      this.#entries.set(
        name,
        entries.sort((a, b) => rank[a.order] - rank[b.order]),
      );
    }
  }

  /** Whether any plugin has it. */
  has(name: HookName): boolean {
    return this.#of(name).length > 0;
  }

  /** Together; what they return does not count. */
  async observe<N extends HookName<'observe'>>(name: N, ...args: HookArgs[N]): Promise<void> {
    await Promise.all(this.#of(name).map(entry => this.#call(name, entry, args)));
  }

  /** In turn; one that throws refuses. */
  async guard<N extends HookName<'guard'>>(name: N, ...args: HookArgs[N]): Promise<void> {
    for (const entry of this.#of(name)) await this.#call(name, entry, args);
  }

  /** In turn, each given what the one before returned. */
  async amend<N extends HookName<'amend'>>(name: N, value: HookArgs[N][0]): Promise<HookArgs[N][0]> {
    let current = value;
    for (const entry of this.#of(name))
      current = ((await this.#call(name, entry, [current])) as HookArgs[N][0] | undefined) ?? current;
    return current;
  }

  /** All of them, whatever happens; gives what went wrong. */
  async settle<N extends HookName<'settle'>>(name: N, ...args: HookArgs[N]): Promise<readonly VarveError[]> {
    const results = await Promise.allSettled(this.#of(name).map(entry => this.#call(name, entry, args)));
    return results.flatMap(result => (result.status === 'rejected' ? [result.reason as VarveError] : []));
  }

  #of(name: keyof HookArgs): readonly Entry[] {
    return this.#entries.get(name) ?? [];
  }

  async #call(name: keyof HookArgs, entry: Entry, args: readonly unknown[]): Promise<unknown> {
    const label = `${entry.plugin}.${name}`;
    this.pending.add(label);
    try {
      return await (entry.run as (...args: readonly unknown[]) => unknown)(...args);
    } catch (cause) {
      const own = cause as { readonly hint?: string };
      throw new VarveError(
        'E_PLUGIN_HOOK',
        `the plugin ${entry.plugin} refused in ${name}: ${(cause as Error).message}`,
        {
          ...(own.hint === undefined ? {} : { hint: own.hint }),
          data: { plugin: entry.plugin, hook: name, ...(codeOf(cause) ? { code: codeOf(cause) as string } : {}) },
          cause,
        },
      );
    } finally {
      this.pending.delete(label);
    }
  }
}
