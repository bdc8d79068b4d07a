import { nearest } from '@varve/dockerfile';
import { codeOf, VarveError } from '../model/error.js';
import type { BundledPlugin, PluginSources, ProviderChoice } from '../model/options.js';
import type { AnyProvider, Plugin, PluginModule, Provider, SlotName } from '../plugin/plugin.js';
import { lendEngine } from './lend-engine.js';
import { loadPlugin } from './load.js';

type ProviderOf<S extends SlotName> = AnyProvider & Provider<S>;

/** A provider with the name of the plugin that brings it. */
export interface ListedProvider {
  readonly provider: AnyProvider;
  readonly plugin: string;
}

/** What the engine brings along. */
export interface BuiltIn {
  readonly providers: readonly AnyProvider[];
  readonly modules: readonly PluginModule[];
}

/**
 * All providers that a process can use: built in, brought by the front end (loaded when asked for), named by the operator (loaded
 * first, so that what they bring wins over what has the same id).
 */
export class Providers {
  readonly #builtIn: readonly AnyProvider[];
  /** Built-in plugins whose providers take options. */
  readonly #builtInModules: readonly PluginModule[];
  readonly #sources: PluginSources;
  readonly #loaded = new Map<string, Promise<Plugin>>();

  constructor(builtIn: BuiltIn, sources: PluginSources) {
    this.#builtIn = builtIn.providers;
    this.#builtInModules = builtIn.modules;
    this.#sources = sources;
  }

  /** The plugins that the operator named, in order. */
  named(): Promise<readonly Plugin[]> {
    return Promise.all(this.#sources.named.map(({ url, options }) => this.#load(url, options)));
  }

  /** The provider of an id, its plugin given the options. Errors: `E_NO_PROVIDER`, `E_PLUGIN_OPTIONS` and those of loading. */
  async get<S extends SlotName>(slot: S, choice: ProviderChoice): Promise<ProviderOf<S>> {
    for (const { url, options } of this.#sources.named) {
      const plain = await this.#load(url, options);
      if (!findIn(plain.provides, slot, choice.id)) continue;
      const plugin = isEmpty(choice.options) ? plain : await this.#load(url, { ...options, ...choice.options });
      return findIn(plugin.provides, slot, choice.id) as ProviderOf<S>;
    }
    const bundled = this.#bundled(slot, choice.id);
    const provided = bundled && findIn((await this.#load(bundled.url, choice.options)).provides, slot, choice.id);
    if (provided) return provided;
    const builtIn = findIn(this.#builtIn, slot, choice.id);
    if (!builtIn) throw await this.#unknown(slot, choice.id);
    if (isEmpty(choice.options)) return builtIn;
    for (const module of this.#builtInModules) {
      if (!findIn(module.create(module.parseOptions({})).provides, slot, choice.id)) continue;
      return findIn(module.create(module.parseOptions(choice.options)).provides, slot, choice.id) as ProviderOf<S>;
    }
    throw new VarveError(
      'E_PLUGIN_OPTIONS',
      `the ${slot} ${choice.id} takes no options, but was given ${Object.keys(choice.options).join(', ')}`,
    );
  }

  /** Every provider of a slot. Those of one id: the operator's plugin first, then the front end's, then the built-in one, and only the first. */
  async all<S extends SlotName>(slot: S): Promise<readonly ProviderOf<S>[]> {
    const found = (await this.#listed(slot)).flatMap(({ provider }) =>
      provider.slot === slot ? [provider as ProviderOf<S>] : [],
    );
    return [...new Map(found.toReversed().map(provider => [provider.id, provider])).values()].toReversed();
  }

  /** The first provider that fits: the operator's before the built-in ones; those of the front end are loaded only where none of these fits. */
  async find<S extends SlotName>(
    slot: S,
    fits: (provider: ProviderOf<S>) => boolean,
  ): Promise<ProviderOf<S> | undefined> {
    const own = await this.#own();
    const found = own.find(provider => provider.slot === slot && fits(provider as ProviderOf<S>));
    return (found as ProviderOf<S> | undefined) ?? (await this.all(slot)).find(fits);
  }

  /** Whether there is a provider of this id. Of what the front end brings it is known without loading it. */
  async has(slot: SlotName, id: string): Promise<boolean> {
    return (this.#bundled(slot, id) ?? findIn(await this.#own(), slot, id)) !== undefined;
  }

  /** Everything that there is without being told more, for `varve doctor`: a plugin that must have options is left out. */
  list(): Promise<readonly ListedProvider[]> {
    return this.#listed();
  }

  async #listed(slot?: SlotName): Promise<readonly ListedProvider[]> {
    const wanted = this.#sources.bundled.filter(
      ({ provides }) => slot === undefined || provides.some(it => it.slot === slot),
    );
    const bundled = await Promise.all(wanted.map(({ url }) => this.#load(url, {}).catch(withoutOptions)));
    const plugins = [...(await this.named()), ...bundled.flat()];
    return [
      ...plugins.flatMap(({ name, provides = [] }) => provides.map(provider => ({ provider, plugin: name }))),
      ...this.#builtIn.map(provider => ({ provider, plugin: 'built in' })),
    ];
  }

  /** What the front end brings of this id, not loaded. */
  #bundled(slot: SlotName, id: string): BundledPlugin | undefined {
    return this.#sources.bundled.find(({ provides }) => provides.some(it => it.slot === slot && it.id === id));
  }

  /** All but those of the front end. */
  async #own(): Promise<readonly AnyProvider[]> {
    return [...(await this.named()).flatMap(({ provides = [] }) => provides), ...this.#builtIn];
  }

  #load(url: string, options: Readonly<Record<string, string>>): Promise<Plugin> {
    const name = JSON.stringify([url, Object.entries(options).sort()]);
    const known = this.#loaded.get(name);
    if (known) return known;
    if (this.#sources.named.some(named => named.url === url)) lendEngine(url);
    const loaded = loadPlugin(url, options);
    this.#loaded.set(name, loaded);
    return loaded;
  }

  async #unknown(slot: SlotName, id: string): Promise<VarveError> {
    const own = await this.#own();
    const bundled = this.#sources.bundled.flatMap(({ provides }) => provides);
    const ids = [...own, ...bundled].filter(provider => provider.slot === slot).map(provider => provider.id);
    const near = nearest(id, ids);
    return new VarveError('E_NO_PROVIDER', `there is no ${slot} named "${id}"`, {
      hint: near
        ? `did you mean "${near}"?`
        : ids.length > 0
          ? `known: ${ids.join(', ')}`
          : 'load a plugin that brings one',
    });
  }
}

function findIn<S extends SlotName>(
  providers: readonly AnyProvider[] | undefined,
  slot: S,
  id: string,
): ProviderOf<S> | undefined {
  return providers?.find((provider): provider is ProviderOf<S> => provider.slot === slot && provider.id === id);
}

function isEmpty(options: Readonly<Record<string, string>>): boolean {
  return Object.keys(options).length === 0;
}

function withoutOptions(error: unknown): readonly Plugin[] {
  if (codeOf(error) === 'E_PLUGIN_OPTIONS') return [];
  throw error;
}
