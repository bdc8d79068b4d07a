/** Builds by the options in a file and prints each event as a line of JSON: `building-process.js OPTIONS`. */
import { readFileSync } from 'node:fs';
import { build } from '../src/build.js';
import type { BuildOptions } from '../src/model/options.js';

const options = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as BuildOptions;
await build(options, { onEvent: event => process.stdout.write(`${JSON.stringify(event)}\n`) });
