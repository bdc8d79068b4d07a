/** What the fields of keys are, for people. */
export const keyFieldMeanings: Readonly<Record<string, string>> = {
  argv: 'the command',
  chmod: '--chmod',
  chown: '--chown',
  clamp: 'SOURCE_DATE_EPOCH',
  cwd: 'the working directory',
  destination: 'the destination',
  dir: 'the directory',
  downloads: 'what is downloaded',
  env: 'the environment',
  excludes: '--exclude',
  files: 'what is below: the base, or the step before',
  heredocs: 'the text in the Dockerfile',
  kind: 'the instruction',
  link: '--link',
  mounts: 'the mounts',
  network: 'the network',
  platform: 'the platform',
  script: 'the script in the Dockerfile',
  security: '--security',
  snapshotter: 'the snapshotter',
  sources: 'the files it takes or mounts',
  user: 'the user',
  version: 'the format of keys, since Varve itself is another one',
};

/** The names of fields, separated by commas, with what each is. */
export function meaningOfFields(fields: string): string {
  const named = fields.split(', ').map(field => {
    const meaning = keyFieldMeanings[field];
    return meaning === undefined ? field : `${field} (${meaning})`;
  });
  return named.join(', ');
}
