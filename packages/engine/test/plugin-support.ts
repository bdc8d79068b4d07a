import type { Plugin, PluginModule } from '../src/plugin/index.js';

/** A module of this source, as the URL that a plugin is loaded from. Each text is a module of its own. */
export function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** A plugin's module; `record` is the source of what `create` gives, and knows `options`. */
export function pluginOf(record: string): string {
  return moduleOf(`export default { parseOptions: raw => raw, create: options => (${record}) };`);
}

/** The source of a compressor's record, which tells of its origin by its summary. */
export function compressorRecord(id: string, summary: string): string {
  return `{ slot: 'compressor', id: '${id}', summary: ${summary}, traits: { mediaTypes: ['x/${id}'] }, rank: 0, create: async () => ({}) }`;
}

/** A plugin named after its hooks. */
export function withHooks(name: string, hooks: NonNullable<Plugin['hooks']>): Plugin {
  return { name, version: '1.0.0', contract: '^1.0.0', hooks };
}

/** A module whose plugin takes one option, `level`. */
export const levelModule: PluginModule<string> = {
  parseOptions(raw) {
    const unknown = Object.keys(raw).filter(key => key !== 'level');
    if (unknown.length > 0) throw Object.assign(new Error(`unknown: ${unknown}`), { code: 'E_PLUGIN_OPTIONS' });
    return raw.level ?? 'default';
  },
  create: level => ({
    name: 'built-in',
    version: '1.0.0',
    contract: '^1.0.0',
    provides: [
      {
        slot: 'compressor',
        id: 'leveled',
        summary: `built in, level ${level}`,
        traits: { mediaTypes: ['x/leveled'] },
        rank: 0,
        create: () => Promise.reject(new Error('unused')),
      },
    ],
  }),
};
