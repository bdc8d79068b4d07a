/** Groups as plain values: the number of each, then its nodes. */
export interface GroupParts {
  readonly last: number;
  readonly members: readonly (readonly [group: number, ...nodes: number[]])[];
}

/** Which nodes are names of one file. Groups are numbered from 1; one with a single name left is no group any more. */
export class LinkGroups {
  readonly #members = new Map<number, Set<number>>();
  #last: number;

  constructor(from?: LinkGroups) {
    this.#last = from === undefined ? 0 : from.#last;
    if (from !== undefined) for (const [group, members] of from.#members) this.#members.set(group, new Set(members));
  }

  /** All groups with their members, and the last number that was given. */
  parts(): GroupParts {
    return { last: this.#last, members: [...this.#members].map(([group, nodes]) => [group, ...nodes] as const) };
  }

  static of({ last, members }: GroupParts): LinkGroups {
    const made = new LinkGroups();
    made.#last = last;
    for (const [group, ...nodes] of members) made.#members.set(group, new Set(nodes));
    return made;
  }

  /** A number for a group that nobody is in yet. */
  fresh(): number {
    return ++this.#last;
  }

  join(group: number, node: number): void {
    const members = this.#members.get(group);
    if (members === undefined) this.#members.set(group, new Set([node]));
    else members.add(node);
  }

  leave(group: number, node: number): void {
    const members = this.#members.get(group);
    if (members?.delete(node) === true && members.size === 0) this.#members.delete(group);
  }

  /** The nodes of a group, itself among them, in no order. */
  members(group: number): ReadonlySet<number> {
    return this.#members.get(group) ?? nobody;
  }
}

const nobody: ReadonlySet<number> = new Set();
