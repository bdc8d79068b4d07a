/**
 * patternmatcher's rules in the plainest form: each pattern as one regular expression, each path judged from its
 * first directory down. Slow, and only for comparison. Knows `*`, `**`, `?`, classes and escapes of letters.
 */
export function plainPatterns(patterns: readonly string[]): (path: string) => boolean {
  const compiled = patterns.map(pattern => {
    const exclusion = pattern.startsWith('!');
    return { exclusion, test: testOf(exclusion ? pattern.slice(1) : pattern) };
  });
  return path => {
    const parts = path.split('/');
    let matched = compiled.map(() => false);
    let ignored = false;
    for (let depth = 1; depth <= parts.length; depth++) {
      const current = parts.slice(0, depth).join('/');
      ignored = false;
      matched = compiled.map(({ exclusion, test }, index) => {
        const match = matched[index] === true || (exclusion === ignored && test(current));
        if (match) ignored = !exclusion;
        return match;
      });
    }
    return ignored;
  };
}

function testOf(pattern: string): (path: string) => boolean {
  const rest = pattern.slice(2);
  if (pattern.startsWith('**') && /^[a-z/]*$/.test(rest)) {
    return path => path.endsWith(rest) || (rest.startsWith('/') && path === rest.slice(1));
  }
  if (/^[a-z/]*\*\*$/.test(pattern)) return path => path.startsWith(pattern.slice(0, -2));
  const source = pattern.replace(
    /\*\*\/?(?=(.?))|\*|\?|\\(.)|\[[^\]]*\]/g,
    (piece, after: string | undefined, escaped: string | undefined) => {
      if (piece.startsWith('**')) return after === '' ? '.*' : '(?:.*/)?';
      if (piece === '*') return '[^/]*';
      return piece === '?' ? '[^/]' : (escaped ?? piece);
    },
  );
  const expression = new RegExp(`^${source}$`);
  return path => expression.test(path);
}
