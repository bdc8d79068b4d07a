/**
 * Whether an extended attribute belongs into layers and roots: all but the marks of overlay file systems (`trusted.overlay.*`,
 * `user.overlay.*`), which would change what a mount shows, and SELinux labels, which belong to the machine.
 */
export function isKeptXattr(name: string): boolean {
  return name !== 'security.selinux' && !/^[^.]+\.overlay\./.test(name);
}

/** Those of a set that are kept; undefined where none is. The same set where all are. */
export function keptXattrs(xattrs: ReadonlyMap<string, Uint8Array> | undefined): typeof xattrs {
  if (xattrs === undefined || xattrs.size === 0) return undefined;
  const kept = [...xattrs].filter(([name]) => isKeptXattr(name));
  if (kept.length === 0) return undefined;
  return kept.length === xattrs.size ? xattrs : new Map(kept);
}
