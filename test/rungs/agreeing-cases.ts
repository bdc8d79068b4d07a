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
  'mount-read-only',
  'mount-secret-kind',
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

/** Of these, what gives another image on rung 4, where nothing can be mounted: docs/privileges.md says how. */
export const differsInPlace: readonly string[] = ['mount-read-only', 'mount-secret-kind'];
