import type { ImageConfig } from '@varve/oci';
import type { Facts } from './difference.js';

/**
 * An image config as facts: every value by its path (`config.Cmd`), variables and labels by their names (`config.Env.PATH`). Layers and their
 * history are left out: what matters of them is in the files.
 */
export function configFacts(config: ImageConfig): Facts {
  const { rootfs: _, history: __, ...rest } = config;
  const facts = new Map<string, string>();
  addFacts(facts, '', rest);
  return facts;
}

function addFacts(facts: Map<string, string>, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (/(^|\.)Env$/.test(name) && isTexts(value)) {
    for (const variable of value) {
      const at = variable.indexOf('=');
      facts.set(`${name}.${at < 0 ? variable : variable.slice(0, at)}`, at < 0 ? '' : variable.slice(at + 1));
    }
    return;
  }
  if (typeof value === 'object' && !Array.isArray(value)) {
    const entries = Object.entries(value);
    for (const [key, inner] of entries) addFacts(facts, name === '' ? key : `${name}.${key}`, inner);
    // `{"80/tcp": {}}`: the name is all there is to it.
    if (entries.length === 0 && name !== '') facts.set(name, 'set');
    return;
  }
  facts.set(name, typeof value === 'string' ? value : JSON.stringify(value));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
