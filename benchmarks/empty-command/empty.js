// An oclif command that does nothing, started as varve is: what a command costs before it does anything.
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';

settings.enableAutoTranspile = false;
await run(process.argv.slice(2), import.meta.url);
