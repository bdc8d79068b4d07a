import { isDigest } from './digest.js';
import { OciError } from './errors.js';
import type { Digest } from './model/descriptor.js';

/** A repository of a registry. A {@link Reference} is one, too. */
export interface Repository {
  /** Host, with the port where one was given; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** Path below the registry, for instance `library/ubuntu`. */
  readonly repository: string;
}

/** An image reference taken apart. With neither tag nor digest it means the tag `latest`. */
export interface Reference extends Repository {
  readonly tag?: string;
  readonly digest?: Digest;
}

const hostPattern =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const hubNames: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/**
 * Takes an image reference apart, by the grammar of distribution/reference, with Docker's short forms:
 * `ubuntu` is `docker.io/library/ubuntu`. Throws E_BAD_REFERENCE.
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw badReference(
      text,
      `${JSON.stringify(digest)} is not a digest`,
      'write sha256: and 64 hex digits after the @',
    );
  }
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) {
    throw badReference(
      text,
      `${JSON.stringify(tag)} is not a tag`,
      'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -',
    );
  }
  const { registry, repository } = splitName(text, colon < 0 ? named : named.slice(0, colon));
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Is the text a tag? */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** Is the text a host, with or without a port, as it can stand in a reference? */
export function isRegistryHost(text: string): boolean {
  return hostPattern.test(text);
}

/** The whole reference: `docker.io/library/ubuntu:22.04@sha256:…`. */
export function formatReference(reference: Reference): string {
  return `${formatRepository(reference)}${suffix(reference)}`;
}

/** Registry and path: `docker.io/library/ubuntu`. */
export function formatRepository({ registry, repository }: Repository): string {
  return `${registry}/${repository}`;
}

/** The short form that Docker shows: `ubuntu:22.04`, `user/app`, `ghcr.io/user/app:1`. */
export function familiarReference(reference: Reference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/**
 * The short form of the repository: `ubuntu`, `user/app`, `ghcr.io/user/app`. One of Docker Hub whose path begins like a host name
 * keeps its registry.
 */
export function familiarRepository({ registry, repository }: Repository): string {
  if (registry !== 'docker.io') return `${registry}/${repository}`;
  const official = /^library\/([^/]+)$/.exec(repository)?.[1];
  if (official !== undefined) return official;
  const [first = ''] = repository.split('/');
  return looksLikeHost(first) || !repository.includes('/') ? `${registry}/${repository}` : repository;
}

/** The reference with the tag `latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** The name of Docker Hub for any of its host names; other hosts in lower case. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return hubNames.has(lower) ? 'docker.io' : lower;
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitName(text: string, name: string): Repository {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = slash > 0 && looksLikeHost(first);
  const registry = isHost ? canonicalRegistry(first) : 'docker.io';
  if (isHost && !isRegistryHost(first)) {
    throw badReference(text, `${JSON.stringify(first)} is not a host name`, 'write HOST[:PORT]/PATH[:TAG]');
  }
  const path = isHost ? name.slice(slash + 1) : name;
  checkPath(text, path);
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (repository.length > 255) throw badReference(text, 'its path has more than 255 characters');
  return { registry, repository };
}

function looksLikeHost(first: string): boolean {
  return /[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function checkPath(text: string, path: string): void {
  if (path === '') throw badReference(text, 'it names no image', 'write [HOST/]PATH[:TAG][@DIGEST]');
  for (const component of path.split('/')) {
    if (componentPattern.test(component)) continue;
    const lower = component.toLowerCase();
    const hint =
      component !== lower && componentPattern.test(lower)
        ? `image names are lower case: ${text.replace(component, lower)}`
        : 'parts of an image name have lower-case letters and digits, with single ., _, __ or - between them';
    throw badReference(text, `${JSON.stringify(component)} cannot be part of an image name`, hint);
  }
}

function badReference(text: string, why: string, hint?: string): OciError {
  return new OciError('E_BAD_REFERENCE', `${JSON.stringify(text)} is not an image reference: ${why}`, { hint });
}
