const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The paths at which a program may be, as execvp(3) tries them: a name with a slash as it is, any other in the folders of the
 * step's own PATH (Docker's default where it has none), of which empty ones mean the working directory.
 */
export function programCandidates(name: string, env: readonly string[]): readonly string[] {
  if (name === '') return [];
  if (name.includes('/')) return [name];
  const set = env.find(entry => entry.startsWith('PATH='))?.slice('PATH='.length);
  const folders = (set ?? defaultPath).split(':');
  return folders.map(folder => (folder === '' ? `./${name}` : `${folder.replace(/\/$/, '')}/${name}`));
}
