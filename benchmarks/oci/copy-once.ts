/**
 * One copy in a process of its own: `node copy-once.js FROM TO`, each `registry:HOST/NAME:TAG` or `layout:DIR`. Prints wall time in
 * seconds and peak memory in MiB as JSON.
 */
import {
  type CopySource,
  type CopyTarget,
  copyImage,
  createLayout,
  createRegistryClient,
  openLayout,
  parseReference,
} from '@varve/oci';

const [from = '', to = ''] = process.argv.slice(2);
const started = performance.now();
const client = createRegistryClient();
await copyImage({ from: await source(from), to: await target(to) });
await client.close();
const peak = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000, peakMiB: peak }));

async function source(text: string): Promise<CopySource> {
  if (text.startsWith('layout:')) return { kind: 'store', store: await openLayout(text.slice(7)) };
  return { kind: 'registry', client, reference: parseReference(text.slice(9)) };
}

async function target(text: string): Promise<CopyTarget> {
  if (text.startsWith('layout:')) return { kind: 'layout', layout: await createLayout(text.slice(7)), names: ['1'] };
  return { kind: 'registry', client, references: [parseReference(text.slice(9))] };
}
