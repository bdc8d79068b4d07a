/** Where a renderer writes: a stream of this process, or a test's recorder. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Cells in a line and lines on the screen; 80 by 24 where it is no terminal. */
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back when the size changes; gives a function that stops it. */
  onResize(callback: () => void): () => void;
}

/** An {@link Output} over one of the process's streams. A reader that went away never fails a build: EPIPE is dropped. */
export function streamOutput(stream: NodeJS.WriteStream): Output {
  let gone = false;
  stream.on('error', error => {
    gone = true;
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') process.exitCode ??= 1;
  });
  return {
    isTTY: stream.isTTY === true,
    write(text) {
      if (!gone) stream.write(text);
    },
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    onResize(callback) {
      stream.on('resize', callback);
      return () => stream.off('resize', callback);
    },
  };
}
