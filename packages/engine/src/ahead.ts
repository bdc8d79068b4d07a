/**
 * What a front end can do before it loads the engine. Loading this takes next to nothing.
 */

export { type HostAhead, startAhead } from './session/host-ahead.js';
export { defaultStoreDir } from './store/location.js';
