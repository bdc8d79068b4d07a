/** Usable here, or why not and what would mend it. `notes` say what is lacking though it works. */
export type Verdict =
  | { readonly usable: true; readonly notes?: readonly string[] }
  | { readonly usable: false; readonly reason: string; readonly hint?: string };

/** One provider as `varve doctor` shows it. */
export interface DoctorProvider {
  readonly slot: string;
  readonly id: string;
  readonly plugin: string;
  readonly summary: string;
  readonly verdict: Verdict;
}

/** What this machine allows, which pair would be chosen, and why not the others. */
export interface DoctorReport {
  readonly system: {
    readonly node: string;
    readonly platform: string;
    readonly kernel: string;
    readonly user: string;
    readonly store: string;
    readonly storeFileSystem: string;
  };
  readonly providers: readonly DoctorProvider[];
  readonly chosen?: { readonly snapshotter: string; readonly executor: string };
  /** Why better pairs were passed over, best first. */
  readonly refusals: readonly {
    readonly snapshotter: string;
    readonly executor: string;
    readonly reason: string;
    readonly hint?: string;
  }[];
}
