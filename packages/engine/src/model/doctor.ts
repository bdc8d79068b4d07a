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

/** One rung of privilege, 1 being the best: how much a build may do here, and so how its steps are kept in their place. */
export interface LadderRung {
  readonly rung: 1 | 2 | 3 | 4 | 5;
  readonly title: string;
  readonly verdict: Verdict;
  /** The one that a build would use. */
  readonly chosen: boolean;
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
  /** Best first. */
  readonly ladder: readonly LadderRung[];
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
