/** Cases of test/features that are built on every rung each time. */
export const everyTime = [
  // The first one on all rungs.
  'user-groups',
  'packages-debian',
  'packages-npm',
  'run-setcap',
  'mount-all-at-once',
  'mount-cache-and-tmpfs',
  'mount-secret-files',
  'stages-inherit',
] as const;

/** The rest of those that `npm run test:full` builds on every rung. */
export const more = [
  'add-archives',
  'copy-chown',
  'copy-everything-from-stage',
  'copy-from-stage',
  'heredoc-run-as-user',
  'mount-bind',
  'mount-cache-ids',
  'mount-over-what-is-there',
  'mount-writes-discarded',
  'onbuild-of-stages',
  'run-deletes-much',
  'run-metadata',
  'run-resolv-and-hosts',
  'run-symlinked-folder',
  'shell-instruction',
  'user-forms',
  'workdir-forms',
] as const;

/**
 * Of these, what docs/privileges.md says of rung 4 gives another image there: what may only be read can be written to, a secret is a link, and
 * a folder in which the container has a volume cannot be removed.
 */
export const differsInPlace: readonly string[] = [
  'mount-bind',
  'mount-cache-and-tmpfs',
  'mount-secret-files',
  'mount-writes-discarded',
  'run-deletes-much',
];

/** What is built on rung 4 in their place. */
export const inPlaceInstead = {
  everyTime: ['mount-cache-ids', 'mount-secret-variables'],
  more: ['mount-target-forms', 'run-content', 'run-kinds-change'],
} as const;
