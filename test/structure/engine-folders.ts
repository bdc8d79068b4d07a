/** Which folders of the engine's sources may be imported by which; `.` is src itself (index.ts, build.ts). */
export const engineFolders: Readonly<Record<string, readonly string[] | 'everything'>> = {
  '.': 'everything',
};
