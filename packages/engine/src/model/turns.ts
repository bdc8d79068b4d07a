/** Lets so many jobs run at a time, the others in turn, in the order in which they were given. */
export class Turns {
  #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** From now on so many. */
  allow(most: number): void {
    this.#most = most;
    this.#next();
  }

  /** What comes of a job, once its turn has come and it has ended. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running++;
    else await new Promise<void>(resolve => this.#waiting.push(resolve));
    try {
      return await job();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #next(): void {
    while (this.#running < this.#most) {
      const begin = this.#waiting.shift();
      if (begin === undefined) return;
      this.#running++;
      begin();
    }
  }
}
