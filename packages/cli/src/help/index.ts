import { HelpBase } from '@oclif/core/help';
import { unknownCommand } from '../hooks/command-not-found.js';
import { paint, wantsColour } from '../terminal/colour.js';
import { commandHelp, type HelpCommand } from './command-help.js';
import { rootHelp } from './root-help.js';

const widest = 100;

/** The help of every command, on standard output. */
export default class VarveHelp extends HelpBase {
  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter(word => !word.startsWith('-'));
    const width = Math.min(widest, process.stdout.columns || 80);
    const colours = paint(wantsColour(process.stdout, process.env));
    const commands: readonly HelpCommand[] = this.config.commands;
    const found = this.#command(words);
    if (found !== undefined) {
      process.stdout.write(commandHelp(found, width, colours));
      return;
    }
    const topic = words.length > 0 ? words.join(':') : undefined;
    if (topic !== undefined && !commands.some(command => command.id.startsWith(`${topic}:`)))
      throw unknownCommand(topic, this.config.commandIDs);
    process.stdout.write(rootHelp(commands, width, colours, topic));
  }

  override async showCommandHelp(): Promise<void> {
    await this.showHelp(process.argv.slice(2));
  }

  /** The command that the first words name; what follows are its arguments. */
  #command(words: readonly string[]): HelpCommand | undefined {
    for (let count = Math.min(3, words.length); count > 0; count--) {
      const found = this.config.findCommand(words.slice(0, count).join(':'));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
