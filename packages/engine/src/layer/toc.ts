import type { TreePath } from '../model/path.js';
import type { LayerEntry, LayerToc } from '../model/toc.js';
import { invalidLayer } from './invalid.js';
import { TocTable } from './toc-table.js';
import type { LayerVisitor } from './visitor.js';

/** Nobody's passwd file is larger; a table of contents is held in memory. */
const largestText = 16 * 1024 * 1024;

/** A map: as names of properties, all paths of a layer would be kept as such by V8. */
const userFiles: ReadonlyMap<TreePath, 'passwd' | 'group'> = new Map([
  ['etc/passwd', 'passwd'],
  ['etc/group', 'group'],
]);

/** Collects the table of contents of a layer that goes by. */
export class TocCollector implements LayerVisitor {
  readonly #entries = new TocTable();
  readonly #texts: { passwd?: string; group?: string } = {};
  #reading: { readonly file: 'passwd' | 'group'; readonly chunks: Uint8Array[]; size: number } | undefined;

  begin(entry: LayerEntry): void {
    this.#entries.add(entry);
    const file = userFiles.get(entry.path);
    if (file === undefined || entry.kind !== 'write' || entry.entry.type !== 'file' || entry.linkTo !== undefined)
      return;
    this.#reading = { file, chunks: [], size: 0 };
  }

  data(chunk: Uint8Array): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    reading.size += chunk.length;
    if (reading.size > largestText)
      throw invalidLayer('larger than 16 MiB, which no such file is', `etc/${reading.file}`);
    reading.chunks.push(Uint8Array.prototype.slice.call(chunk));
  }

  end(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    this.#texts[reading.file] = Buffer.concat(reading.chunks).toString('utf8');
    this.#reading = undefined;
  }

  /** What was collected. To be asked when the layer is at its end. */
  toc(): LayerToc {
    return { entries: this.#entries, marks: this.#entries.marks(), size: this.#entries.size, ...this.#texts };
  }
}
