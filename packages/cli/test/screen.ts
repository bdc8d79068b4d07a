// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is tested
/** As much of a terminal as the live display uses: text, line ends, carriage return, cursor up, erase below, wrapping on and off. */
export class Screen {
  #columns: number;
  readonly #rows: number;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #wraps = true;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  feed(text: string): this {
    for (const part of text.match(/\x1b\[[?\d;]*[A-Za-z]|\n|\r|./gsu) ?? []) this.#act(part);
    return this;
  }

  /** What a terminal does to its lines when it becomes narrower. The cursor stays behind the last line. */
  reflow(columns: number): this {
    const lines = this.#lines.map(line => line.join('').trimEnd());
    const cursorAtEnd = this.#row === this.#lines.length - 1;
    if (!cursorAtEnd) throw new Error('the cursor is not below the frame');
    this.#columns = columns;
    this.#lines = lines.flatMap(line =>
      line === '' ? [[]] : (line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? []).map(piece => [...piece]),
    );
    this.#row = this.#lines.length - 1;
    this.#column = 0;
    return this;
  }

  text(): string {
    return this.#lines.map(line => line.join('').trimEnd()).join('\n');
  }

  #act(part: string): void {
    if (part === '\n') {
      this.#down();
      this.#column = 0;
    } else if (part === '\r') {
      this.#column = 0;
    } else if (part.startsWith('\x1b[')) {
      this.#escape(part);
    } else {
      this.#put(part);
    }
  }

  #escape(sequence: string): void {
    if (sequence === '\x1b[?7l') this.#wraps = false;
    else if (sequence === '\x1b[?7h') this.#wraps = true;
    else if (sequence === '\x1b[J') this.#eraseBelow();
    else if (sequence.endsWith('A')) this.#up(Number(sequence.slice(2, -1)));
    else if (!sequence.endsWith('m')) throw new Error(`not understood: ${JSON.stringify(sequence)}`);
  }

  #eraseBelow(): void {
    this.#lines = this.#lines.slice(0, this.#row + 1);
    this.#lines[this.#row] = (this.#lines[this.#row] ?? []).slice(0, this.#column);
  }

  #up(count: number): void {
    const top = Math.max(0, this.#lines.length - this.#rows);
    this.#row = Math.max(top, this.#row - count);
  }

  #put(character: string): void {
    if (this.#column >= this.#columns) {
      if (!this.#wraps) return;
      this.#down();
      this.#column = 0;
    }
    const line = this.#lines[this.#row] ?? [];
    while (line.length < this.#column) line.push(' ');
    line[this.#column++] = character;
    this.#lines[this.#row] = line;
  }

  #down(): void {
    this.#row++;
    if (this.#row === this.#lines.length) this.#lines.push([]);
  }
}
