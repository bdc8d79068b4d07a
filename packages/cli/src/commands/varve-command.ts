import { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import type { LoadOptions } from '@oclif/core/interfaces';
import { CliError } from '../errors/cli-error.js';
import { parseFailure } from '../errors/parse-failure.js';
import type { FlagSpec, FlagValues } from '../flags/flag-spec.js';
import { lastOnes } from '../flags/oclif-flags.js';
import { takeSwitchValues } from '../flags/switch-values.js';

/** What a command was called with. */
export interface ParsedCall {
  readonly flags: FlagValues;
  readonly args: Readonly<Record<string, string | undefined>>;
  /** The values of the argument that may be given several times, where a command has one. */
  readonly rest: readonly string[];
}

/** What the commands of varve have in common: how a command line is read. */
export abstract class VarveCommand extends Command {
  /** As oclif's, which loads the configuration of the command line once more. */
  static override async run<C extends Command>(
    this: new (
      argv: string[],
      config: Config,
    ) => C,
    argv: string[] = process.argv.slice(2),
    options?: LoadOptions,
  ): Promise<ReturnType<C['run']>> {
    const config = options instanceof Config ? options : await Config.load(options);
    return (new this(argv, config) as unknown as VarveCommand)._run();
  }

  /** Reads the command line. Errors: `E_NO_SUCH_FLAG`, `E_USAGE`, `E_BAD_FLAGS`. */
  protected async read(specs: readonly FlagSpec[]): Promise<ParsedCall> {
    const { argv, values } = takeSwitchValues(this.argv, specs);
    try {
      const { flags, args } = await this.parse(this.ctor, [...argv]);
      const rest = Object.values(args).find(value => Array.isArray(value)) ?? [];
      return { flags: { ...lastOnes(flags, specs), ...values }, args, rest };
    } catch (error) {
      throw error instanceof CliError ? error : parseFailure(error, specs, String(this.id).replaceAll(':', ' '));
    }
  }

  /** Leaves every error to the entry point, which shows it and sets the exit code. */
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}
