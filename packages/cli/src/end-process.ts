import type { Writable } from 'node:stream';

/**
 * Ends the process when its readers have what it wrote; whatever else a command began it has waited for. Left to itself Node would also wait for
 * V8: where that is collecting garbage just then, which is no good to anybody any more, some 10 ms.
 */
export async function endProcess(): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(written));
  process.exit();
}

function written(stream: Writable): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.once('close', resolve).write('', () => resolve());
  });
}
