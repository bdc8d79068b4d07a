/** The cases that differ where hard links of lower layers do not stay together: touching one name takes it out of its group. */
export const splitLinks = ['chown to the owner that it has'] as const;

/** The cases that a user namespace adds: there a directory of a lower layer cannot be renamed (`EXDEV`; `mv` copies it then). */
export const fixedDirectories = [
  'directory becomes a link to where it went',
  'rename of a deep directory',
  'rename and back, mtimes restored',
  'directory moved over an empty one',
  'directory with a name of a link group renamed',
  'directory with a name of a link group becomes a link to where it went',
] as const;
