import type { SecretSpec } from '@varve/engine';
import { attributesOf, refuseUnknown } from './attributes.js';
import { csvFields } from './csv.js';
import { BadValue } from './problems.js';

/**
 * `id=ID[,src=FILE|,env=NAME]`, as `docker buildx build` reads it: with neither, the variable called ID is taken where there is
 * one, else the file called ID; with `type=env`, `src=` names a variable.
 */
export function parseSecret(text: string, env: Readonly<Record<string, string | undefined>>): SecretSpec {
  const attributes = attributesOf(csvFields(text));
  refuseUnknown(attributes, ['id', 'src', 'source', 'env', 'type']);
  const { id, type, env: variable } = attributes;
  const source = attributes.src ?? attributes.source;
  if (id === undefined || id === '') throw new BadValue('id= is missing');
  if (type !== undefined && type !== 'file' && type !== 'env')
    throw new BadValue(`type=${type} is neither file nor env`);
  if (source !== undefined && variable !== undefined) throw new BadValue('src= and env= exclude each other');
  const name = variable ?? (type === 'env' ? (source ?? id) : undefined);
  if (name !== undefined) return { id, from: { kind: 'env', name: filled(name, 'env') } };
  if (source !== undefined) return { id, from: { kind: 'file', path: filled(source, 'src') } };
  if (type !== 'file' && env[id] !== undefined) return { id, from: { kind: 'env', name: id } };
  return { id, from: { kind: 'file', path: id } };
}

/** `default` or `ID[=SOCKET]`. */
export function parseSsh(text: string): { readonly id: string; readonly sock?: string } {
  const equals = text.indexOf('=');
  const id = equals === -1 ? text : text.slice(0, equals);
  if (id === '') throw new BadValue('the id is missing, as in default or ID=SOCKET');
  if (equals === -1) return { id };
  const sock = text.slice(equals + 1);
  if (sock === '') throw new BadValue('the socket is missing, as in ID=SOCKET');
  if (sock.includes(',')) throw new BadValue('several key files are not supported; give the socket of an agent');
  return { id, sock };
}

function filled(value: string, key: string): string {
  if (value === '') throw new BadValue(`${key}= is empty`);
  return value;
}
