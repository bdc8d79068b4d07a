import { createRequire, register } from 'node:module';

/**
 * Resolves as Node does, and what a module itself does not find among `@varve/engine` and its entry points from a place that has it.
 * Runs in the thread of Node's hooks, so it is a text and can use nothing of here.
 */
const hooks = `
let from;
export const initialize = data => { from = data.from; };
export async function resolve(specifier, context, next) {
  if (!/^@varve\\/engine(\\/|$)/.test(specifier)) return next(specifier, context);
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return next(specifier, { ...context, parentURL: from });
  }
}`;

let isRegistered = false;

/**
 * Sees to it that a plugin can import the contract and the kit wherever its file lies: where no `@varve/engine` is installed for it, it
 * gets the one beside this code. A file alone is a plugin, then.
 */
export function lendEngine(pluginUrl: string): void {
  if (isRegistered || findsEngine(pluginUrl)) return;
  isRegistered = true;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: { from: import.meta.url } });
}

function findsEngine(url: string): boolean {
  try {
    createRequire(url).resolve('@varve/engine/plugin');
    return true;
  } catch {
    return false;
  }
}
