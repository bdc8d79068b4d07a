import { Command } from '@oclif/core/command';

class Nothing extends Command {
  async run() {}
}

export const commands = { nothing: Nothing };
