/** How to colour what we write ourselves. */
export interface Paint {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** A {@link Paint} that colours or, where `enabled` is false, gives its text back. */
export function paint(enabled: boolean): Paint {
  const wrap =
    (on: number, off: number) =>
    (text: string): string =>
      enabled && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    enabled,
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    cyan: wrap(36, 39),
  };
}

/**
 * Whether a stream gets colours: `NO_COLOR` (not empty) says no, `FORCE_COLOR` says yes (`0` and `false`: no), else terminals other
 * than `dumb` do.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Whether the user's locale says that the terminal shows UTF-8 (the first of LC_ALL, LC_CTYPE, LANG that is set). */
export function showsUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(value => value !== undefined && value !== '');
  return locale !== undefined && /utf-?8/i.test(locale);
}
