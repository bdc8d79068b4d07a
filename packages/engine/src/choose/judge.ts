import type { Verdict } from '../model/doctor.js';
import type { AnyProvider, Host } from '../plugin/index.js';

/**
 * Whether a provider can be used on this machine: what it needs, in order, then its own probe. The first refusal counts; notes of
 * all that was asked are kept. A probe that throws refuses.
 */
export async function judge(provider: AnyProvider, host: Host): Promise<Verdict> {
  const notes: string[] = [];
  for (const feature of provider.needs ?? []) {
    const verdict = await host.has(feature);
    if (!verdict.usable) return verdict;
    notes.push(...(verdict.notes ?? []));
  }
  const verdict = await probe(provider, host);
  if (!verdict.usable) return verdict;
  notes.push(...(verdict.notes ?? []));
  return notes.length === 0 ? { usable: true } : { usable: true, notes };
}

async function probe(provider: AnyProvider, host: Host): Promise<Verdict> {
  if (provider.probe === undefined) return { usable: true };
  try {
    return await provider.probe(host);
  } catch (error) {
    return { usable: false, reason: `its probe failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
