import Module from 'node:module';

/** `node --import` this file: whoever asks for the bundle's engine gets fake-engine.ts. */
const fake = new URL('./fake-engine.js', import.meta.url).href;
const loader = Module as unknown as { _load(request: string, ...more: readonly unknown[]): unknown };
const load = loader._load;
loader._load = (request, ...more) => (request.endsWith('/bundle/engine.js') ? import(fake) : load(request, ...more));
