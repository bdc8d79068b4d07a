// Writes packages/cli/oclif.manifest.json from the built commands, so that varve can list and explain its commands without
// loading them. Run by `npm run build`.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plugin } from '@oclif/core/config';
import { settings } from '@oclif/core/settings';

settings.enableAutoTranspile = false;
const root = join(import.meta.dirname, '..', 'packages', 'cli');
const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
const file = join(root, 'oclif.manifest.json');
await writeFile(`${file}.new`, `${JSON.stringify(plugin.manifest, undefined, 2)}\n`);
await rename(`${file}.new`, file);
