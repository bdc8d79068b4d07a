/** What nearly every folder stands on: the nouns, paths, system calls, and the contract of plugins. */
const ground = ['model', 'path', 'sys', 'plugin'] as const;

/**
 * Which folders of the engine's sources a folder may import; `.` is src itself. The stages of the flow (graph, plan, run,
 * image, export …) do not know each other: `session` and build.ts join them.
 */
export const engineFolders: Readonly<Record<string, readonly string[] | 'everything'>> = {
  '.': 'everything',
  session: 'everything',

  model: [],
  path: ['model'],
  sys: ['path'],
  plugin: ['model'],
  key: ['model'],

  tree: ground,
  layer: [...ground, 'tree'],
  kit: [...ground, 'tree', 'layer'],
  testing: [...ground, 'kit', 'layer', 'tree', 'executor', 'inplace'],

  graph: ground,
  image: ground,
  plan: [...ground, 'key'],
  choose: ground,
  providers: ground,
  context: [...ground, 'layer', 'kit'],
  executor: ground,
  export: [...ground, 'kit', 'layer'],
  instruction: [...ground, 'key', 'tree', 'executor'],
  store: [...ground, 'layer', 'tree'],
  sources: [...ground, 'key', 'kit', 'layer', 'store', 'tree'],
  inspect: [...ground, 'context', 'host', 'key', 'kit', 'layer', 'providers', 'session', 'sources', 'store', 'tree'],
  inplace: [...ground, 'executor', 'store'],
  host: [...ground, 'choose', 'executor', 'inplace', 'layer', 'providers', 'store'],
  run: [...ground, 'host', 'tree'],
};
