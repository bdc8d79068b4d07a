import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileServer } from './file-server.js';
import { must } from './run.js';

interface NpmPackage {
  /** As in package.json: name, version, dependencies, programs, scripts. */
  readonly manifest: { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
}

/** A program with a dependency in a scope; both run a script when they are installed. */
const packages: readonly NpmPackage[] = [
  {
    manifest: {
      ...{
        name: 'strata',
        version: '1.4.0',
        bin: { strata: 'bin/strata.js' },
        dependencies: { '@strata/core': '^2.0.0' },
      },
      scripts: { postinstall: 'node bin/strata.js > installed' },
    },
    files: { 'bin/strata.js': "#!/usr/bin/env node\nconsole.log('strata', require('@strata/core'));\n" },
  },
  {
    manifest: { name: '@strata/core', version: '2.1.0', main: 'index.js', scripts: { install: 'echo core > built' } },
    files: { 'index.js': "module.exports = 'core';\n", 'deep/er/file.txt': 'deep\n' },
  },
];

/** When everything was made, for Last-Modified. */
const madeAt = 'Tue, 14 Nov 2023 22:13:20 GMT';
/** Where a lock file says that packages are; npm asks the registry that it is given instead. */
const registry = 'https://registry.npmjs.org';

/**
 * Packs packages and offers them as a registry at the root of the server, and at `/npm/` the `package.json` and `package-lock.json` of a
 * project that needs them.
 */
export async function offerNpmRegistry(server: FileServer, scratch: string): Promise<void> {
  const locked: Record<string, unknown> = {};
  for (const made of packages) {
    const { name, version } = made.manifest;
    const body = await pack(made, join(scratch, name.replace('/', '-')));
    const place = `/${name}/-/${name.replace(/.*\//, '')}-${version}.tgz`;
    const integrity = `sha512-${createHash('sha512').update(body).digest('base64')}`;
    server.offer(place, { body });
    const dist = { tarball: `${registry}${place}`, integrity };
    const versions = { [version]: { ...made.manifest, dist } };
    server.offer(`/${name}`, json({ name, 'dist-tags': { latest: version }, versions }));
    const { scripts: _, main: __, name: ___, ...rest } = made.manifest;
    locked[`node_modules/${name}`] = { ...rest, resolved: dist.tarball, integrity, hasInstallScript: true };
  }
  const project = { name: 'project', version: '1.0.0', dependencies: { strata: '^1.0.0' } };
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true };
  server.offer('/npm/package.json', json(project));
  server.offer('/npm/package-lock.json', json({ ...lock, packages: { '': project, ...locked } }));
}

async function pack({ manifest, files }: NpmPackage, folder: string): Promise<Buffer> {
  const all = { ...files, 'package.json': JSON.stringify(manifest) };
  for (const [path, text] of Object.entries(all)) {
    const target = join(folder, 'package', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  const archive = join(folder, 'package.tgz');
  await must('tar', ['-czf', archive, '-C', folder, '--sort=name', '--owner=0', '--group=0', 'package']);
  return readFileSync(archive);
}

function json(value: unknown): { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> } {
  const headers = { 'content-type': 'application/json', 'last-modified': madeAt };
  return { body: Buffer.from(JSON.stringify(value, undefined, 2)), headers };
}
