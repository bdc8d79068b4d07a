import { VarveError } from '../model/error.js';

/** `E_LAYER_INVALID`: the tar is malformed, or tries what no layer may. `path` is the entry's name, where one is known. */
export function invalidLayer(message: string, path?: string, cause?: unknown): VarveError {
  return new VarveError('E_LAYER_INVALID', path === undefined ? message : `${JSON.stringify(path)}: ${message}`, {
    ...(path === undefined ? {} : { data: { path } }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `E_LAYER_UNSUPPORTED`: well-formed, but nothing that can be kept in a root file system or that Varve knows how to read. */
export function unsupportedLayer(message: string, path: string): VarveError {
  return new VarveError('E_LAYER_UNSUPPORTED', `${JSON.stringify(path)}: ${message}`, { data: { path } });
}
