import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf, type ImageConfig, type Manifest } from '@varve/oci';
import { build } from '../src/build.js';
import type { BuildEvent, EventSink } from '../src/model/event.js';
import type { BuildOptions } from '../src/model/options.js';
import type { BuildResult } from '../src/model/result.js';
import { listLayer } from './layer-support.js';

/** A folder with a context, a Dockerfile, a store and a place for outputs; gone after the tests of the file. */
export class Workshop {
  readonly dir = mkdtempSync(join(tmpdir(), 'varve-build-'));
  /** Of the last build. */
  events: BuildEvent[] = [];
  /** Told of every event besides. */
  onEvent: EventSink = () => undefined;
  #stores = 0;

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    after(() => rmSync(this.dir, { recursive: true, force: true }));
    this.write({ 'context/.keep': '', ...files });
    this.freshStore();
  }

  get store(): string {
    return join(this.dir, `store-${this.#stores}`);
  }

  freshStore(): void {
    this.#stores++;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
  }

  options(more: Partial<BuildOptions> = {}): BuildOptions {
    return {
      context: 'context',
      file: 'Dockerfile',
      cwd: this.dir,
      store: this.store,
      caches: [],
      env: { PATH: process.env.PATH, HOME: this.dir },
      ...more,
    };
  }

  async build(dockerfile: string, more: Partial<BuildOptions> = {}, signal?: AbortSignal): Promise<BuildResult> {
    this.write({ Dockerfile: dockerfile });
    this.events = [];
    const onEvent: EventSink = event => {
      this.events.push(event);
      this.onEvent(event);
    };
    return build(this.options(more), { onEvent, ...(signal ? { signal } : {}) });
  }

  /** How the steps of the last build ended, in order. */
  outcomes(): readonly string[] {
    return this.events.flatMap(event => (event.type === 'stepFinished' ? [event.result.kind] : []));
  }

  /** What lies around in the store that belongs to no finished build. */
  leftovers(): readonly string[] {
    return ['scratch', 'ingest'].flatMap(folder => readdirSync(join(this.store, folder)));
  }
}

export interface ReadImage {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** Entries of each layer with what files hold: `path`, `path = content` or `path -> target`. */
  readonly layers: readonly (readonly string[])[];
}

/** Reads an image layout back, every digest checked. */
export async function readLayoutImage(dir: string): Promise<ReadImage> {
  const index = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'));
  const blob = (descriptor: { digest: string; size: number }): Buffer => {
    const bytes = readFileSync(join(dir, 'blobs', descriptor.digest.replace(':', '/')));
    if (digestOf(bytes) !== descriptor.digest || bytes.length !== descriptor.size) throw new Error('a blob is wrong');
    return bytes;
  };
  const manifest = JSON.parse(blob(index.manifests[0]).toString()) as Manifest;
  const config = JSON.parse(blob(manifest.config).toString()) as ImageConfig;
  const layers: (readonly string[])[] = [];
  for (const [at, descriptor] of manifest.layers.entries()) {
    const packed = blob(descriptor);
    const tar = descriptor.mediaType.endsWith('gzip') ? gunzipSync(packed) : packed;
    if (digestOf(tar) !== config.rootfs.diff_ids[at]) throw new Error('a diffId is wrong');
    layers.push((await listLayer(tar)).map(shownEntry));
  }
  return { manifest, config, layers };
}

function shownEntry({ entry, content }: Awaited<ReturnType<typeof listLayer>>[number]): string {
  if (entry.kind !== 'write') return `${entry.kind} ${entry.path}`;
  const { type, linkTarget } = entry.entry;
  if (linkTarget !== undefined) return `${entry.path} -> ${linkTarget}`;
  return type === 'file' ? `${entry.path} = ${content}` : `${entry.path}/`;
}

/**
 * A plugin as a person would write it: a cache in a file, an exporter, and every hook, which writes a line into a diary. Its option
 * `refuse` names what its guard refuses.
 */
export const pluginSource = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function notes(file) {
  const read = () => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
  return {
    findMany: async keys => keys.map(key => read()[key]),
    open: async () => undefined,
    save: async ({ key, step, record, place, position }) => {
      const known = read();
      const names = [place, position].filter(name => name !== undefined);
      const records = Object.fromEntries(names.map(name => ['at ' + name, [record, ...(known['at ' + name] ?? [])]]));
      writeFileSync(file, JSON.stringify({ ...known, [key]: step, ...records }));
      return 'stored';
    },
    recordsAt: async names => names.map(name => read()['at ' + name] ?? []),
    close: async () => {},
  };
}

const exporter = {
  check({ attributes }) {
    if (!attributes.dest) throw Object.assign(new Error('type=digest needs dest='), { code: 'E_OUTPUT_INVALID' });
  },
  async export({ images }, { attributes, cwd, names }) {
    const { digest } = images[0].manifestDescriptor;
    writeFileSync(join(cwd, attributes.dest), [digest, ...names].join(' '));
    return [{ target: attributes.dest, digest }];
  },
};

export default {
  parseOptions(raw) {
    const unknown = Object.keys(raw).filter(name => !['diary', 'refuse'].includes(name));
    if (unknown.length > 0)
      throw Object.assign(new Error('unknown options: ' + unknown.join(', ')), { code: 'E_PLUGIN_OPTIONS' });
    return raw;
  },
  create({ diary, refuse }) {
    const note = line => void (diary && appendFileSync(diary, line + '\\n'));
    return {
      name: 'mine',
      version: '1.0.0',
      contract: '^1.0.0',
      provides: [
        { slot: 'cache', id: 'notes', summary: 'a file', traits: { shared: false }, rank: 0, create: async tools => notes(join(tools.stateDir, 'notes.json')) },
        { slot: 'exporter', id: 'digest', summary: 'writes the digest', traits: {}, rank: 0, create: async () => exporter },
      ],
      hooks: {
        graphBuilt: graph => note('graphBuilt ' + graph.stages.length),
        planMade: plan => note('planMade ' + plan.stages[0].steps.map(step => step.action).join()),
        beforeStep(step) {
          note('beforeStep ' + step.label);
          if (refuse && step.label.includes(refuse)) throw new Error('I do not like it');
        },
        layerBuilt: (layer, step) => note('layerBuilt ' + step.label),
        imageConfig(config) {
          note('imageConfig');
          return { ...config, config: { ...config.config, Labels: { by: 'mine' } } };
        },
        imageBuilt(image) {
          note('imageBuilt ' + image.layers.length);
          if (refuse === 'image') throw new Error('not this image');
        },
        buildSettled: { order: 'last', run: outcome => note('buildSettled ' + outcome.ok) },
      },
    };
  },
};
`;
