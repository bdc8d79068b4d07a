/** A command line in the one form that is parsed: `help X` is `X --help`, `--version` and `-v` are `version`. */
export function commandLine(argv: readonly string[]): string[] {
  const [first, ...rest] = argv;
  if (first === 'help') return [...rest, '--help'];
  if (argv.length === 1 && (first === '--version' || first === '-v')) return ['version'];
  return [...argv];
}

/** Whether `--progress json` is asked for, read without a parser since the call may be one that cannot be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) => word === '--progress=json' || (word === '--progress' && argv[index + 1] === 'json'),
  );
}
