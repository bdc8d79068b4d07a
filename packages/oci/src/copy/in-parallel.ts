/**
 * Does `work` for every item, at most `parallel` at a time and begun in order. The first failure aborts the signal that the others were
 * given and is thrown once all of them have ended: nothing goes on behind the caller's back.
 */
export async function inParallel<T>(
  items: readonly T[],
  { parallel, signal }: { readonly parallel: number; readonly signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const queue = items.values();
  const failures: unknown[] = [];
  const take = async (): Promise<void> => {
    for (const item of queue) {
      both.throwIfAborted();
      await work(item, both);
    }
  };
  const workers = Array.from({ length: Math.min(parallel, items.length) }, () =>
    take().catch((error: unknown) => {
      failures.push(error);
      stop.abort(error);
    }),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
}
