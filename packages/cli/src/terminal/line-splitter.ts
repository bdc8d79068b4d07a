const longestLine = 64 * 1024;

/**
 * Cuts text that arrives in pieces into lines. What follows the last line end waits for the rest of its line, at most
 * 64 KiB of it, so that a step which never ends a line cannot fill the memory.
 */
export class LineSplitter {
  #rest = '';

  /** The lines that this piece completes, without their line ends. */
  push(text: string): readonly string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > longestLine) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return lines;
  }

  /** The unfinished line, if there is one; nothing waits afterwards. */
  flush(): readonly string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }

  /** The unfinished line so far. */
  get pending(): string {
    return this.#rest;
  }
}
