/** How a process enters a root file system. Described, not mounted: only the executor knows its namespaces. */
export type RootMount =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'overlay';
      readonly lower: readonly string[];
      readonly upper: string;
      readonly work: string;
      readonly options?: readonly string[];
    };
