/** What opening, reading and naming a file costs whatever its size, as bytes. */
const perFile = 4096;

/** How much work files of these sizes are for a layer host, in bytes. */
export function layerWorkSize(sizes: Iterable<number>): number {
  let work = 0;
  for (const size of sizes) work += size + perFile;
  return work;
}
