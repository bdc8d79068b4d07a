import { register } from 'node:module';

/** `node --import` this file: whoever imports `@varve/engine`, or the bundled one, gets fake-engine.ts. */
const fake = new URL('./fake-engine.js', import.meta.url).href;
const hooks = `export async function resolve(specifier, context, next) {
  return ['@varve/engine', './engine.js'].includes(specifier) ? { url: ${JSON.stringify(fake)}, shortCircuit: true } : next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
