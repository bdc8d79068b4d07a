/** The command line as a module: what `bin/varve.js` runs, and the codes of its errors. */
export { CliError, type CliErrorCode, errorCodes } from './errors/cli-error.js';
export { exitCodes } from './exit-codes.js';
export { main } from './main.js';
