import fc from 'fast-check';

/**
 * Texts for property tests: well-formed Dockerfiles built from a grammar, and arbitrary text made of the same
 * pieces, which is nearly one and mostly wrong.
 */

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const variable = fc.oneof(
  name.map(text => `$${text}`),
  fc
    .tuple(name, fc.constantFrom(':-', '-', ':+', '+', '#', '##', '%', '%%', '/', '//'), name)
    .map(([first, operator, second]) => `\${${first}${operator}${second}${operator.startsWith('/') ? '/r' : ''}}`),
);
const word = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 2, arbitrary: variable },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_.:/@é한☃-]{1,10}$/).filter(text => !text.startsWith('-')) },
  { weight: 1, arbitrary: name.map(text => `"${text} ${text}"`) },
  { weight: 1, arbitrary: name.map(text => `'${text}\\'`) },
);
const plainWord = fc.oneof(name, variable).map(text => `/${text}`);
const gap = fc.constantFrom(' ', '  ', '\t', ' \\\n  ', ' \\\n# comment\n ', ' \\\n\n');
const jsonArray = fc
  .array(fc.oneof(name, fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 4 })
  .map(list => JSON.stringify(list));
const words = (one: fc.Arbitrary<string>, min: number) =>
  fc
    .array(one, { minLength: min, maxLength: 4 })
    .chain(list => fc.tuple(fc.constant(list), gap).map(([all, blank]) => all.join(blank)));
const pairs = fc
  .array(
    fc.tuple(name, word).map(([key, value]) => `${key}=${value}`),
    { minLength: 1, maxLength: 3 },
  )
  .chain(list => gap.map(blank => list.join(blank)));
const heredoc = fc
  .tuple(
    fc.constantFrom('EOF', 'A1'),
    fc.boolean(),
    fc.boolean(),
    fc.array(fc.stringMatching(/^[a-z $#\t"\\]{0,12}$/), { maxLength: 3 }),
  )
  .map(([end, quoted, chomp, lines]) => ({
    head: `<<${chomp ? '-' : ''}${quoted ? `"${end}"` : end}`,
    body: `\n${lines.map(line => `${line}\n`).join('')}${end}`,
  }));
const mount = fc.oneof(
  fc.tuple(name, name).map(([from, target]) => `type=bind,from=${from},target=/${target},rw`),
  fc
    .tuple(name, fc.constantFrom('shared', 'locked'))
    .map(([id, sharing]) => `type=cache,id=${id},target=/c,sharing=${sharing},mode=0700`),
  name.map(id => `type=secret,id=${id},env=${id.toUpperCase()},required`),
  variable.map(target => `type=tmpfs,size=64m,target=${target}`),
  name.map(id => `type=ssh,id=${id},uid=1`),
);
const flagsOf = (flags: readonly fc.Arbitrary<string>[]) =>
  fc
    .tuple(...flags.map(flag => fc.option(flag, { nil: '', freq: 2 })))
    .map(list => list.map(flag => (flag === '' ? '' : `${flag} `)).join(''));

const transferFlags = flagsOf([
  fc.oneof(name, variable).map(value => `--chown=${value}`),
  fc.constantFrom('--chmod=755', '--chmod=u=rwX'),
  fc.constantFrom('--link', '--link=false'),
  name.map(value => `--exclude=*.${value}`),
]);

/** One instruction other than FROM; its keyword in any casing. */
const instruction = fc.oneof(
  words(word, 1).map(list => `run ${list}`),
  fc
    .tuple(fc.array(mount, { maxLength: 2 }), word)
    .map(([mounts, list]) => `RUN ${mounts.map(one => `--mount=${one} `).join('')}--network=none echo ${list}`),
  jsonArray.map(list => `RUN ${list}`),
  heredoc.map(({ head, body }) => `RUN ${head}${body}`),
  fc.tuple(heredoc, word).map(([{ head, body }, more]) => `RUN cat ${head} > ${more}${body}`),
  fc.tuple(transferFlags, words(plainWord, 2)).map(([flags, list]) => `COPY ${flags}${list}`),
  fc.tuple(transferFlags, heredoc, plainWord).map(([flags, { head, body }, to]) => `COPY ${flags}${head} ${to}${body}`),
  fc.tuple(transferFlags, jsonArray).map(([flags, list]) => `ADD ${flags}--unpack ${`${list.slice(0, -1)},"/x"]`}`),
  pairs.map(list => `ENV ${list}`),
  fc.tuple(name, words(word, 1)).map(([key, value]) => `LABEL ${key} ${value}`),
  pairs.map(list => `ARG ${list} last`),
  jsonArray.map(list => `CMD ${list}`),
  words(word, 1).map(list => `Entrypoint ${list}`),
  fc
    .array(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 3 })
    .map(ports => `EXPOSE ${ports.join(' ')}/udp`),
  words(plainWord, 1).map(list => `VOLUME ${list}`),
  word.map(value => `USER ${value}`),
  words(word, 1).map(value => `WORKDIR ${value}`),
  name.map(value => `ONBUILD RUN ${value}`),
  heredoc.map(({ head, body }) => `ONBUILD COPY ${head} /x${body}`),
  fc
    .tuple(fc.integer({ min: 1, max: 999 }), jsonArray)
    .map(([time, list]) => `HEALTHCHECK --interval=${time}s --retries=2 CMD ${list}`),
  fc.constantFrom('HEALTHCHECK NONE', 'STOPSIGNAL SIGTERM', 'SHELL ["sh","-c"]', 'MAINTAINER some one'),
);

const filler = fc.constantFrom('', '\n', '# a comment\n', '  # another\n\n', '#\n');

/** A Dockerfile that parses. */
export const wellFormed = fc
  .tuple(
    fc.constantFrom('', '# syntax=docker/dockerfile:1\n', '# check=skip=all\n\n'),
    fc.option(
      pairs.map(list => `ARG ${list}\n`),
      { nil: '' },
    ),
    fc.array(fc.tuple(filler, name, fc.array(fc.tuple(filler, instruction), { maxLength: 6 })), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('', '\n', '\n# the end', '\n\n'),
  )
  .map(([head, args, stages, tail]) => {
    const bodies = stages.map(
      ([above, stage, list], index) =>
        `${above}FROM ${index === 0 ? 'scratch' : stage} AS ${stage}${list.map(([before, text]) => `\n${before}${text}`).join('')}`,
    );
    return head + args + bodies.join('\n') + tail;
  });

const scrap = fc.oneof(
  { weight: 6, arbitrary: instruction },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'FROM',
      'FROM a AS b',
      'ONBUILD ONBUILD',
      'RUN --mount=',
      'COPY <<',
      'ENV',
      '[',
      '["',
      '<<EOF',
      'EOF',
      '`',
      '\\',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '# escape=`\n',
      '# check=x\n',
      '#!x\n',
      '\ufeff',
      '\r\n',
      '\u0000',
      '\u2028',
      '\ud800',
      '${',
      '$',
      '"',
      "'",
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 2, arbitrary: gap },
);

/** Anything from the same pieces; mostly after a FROM, since without one little of it is looked at. */
export const scraps = fc
  .tuple(
    fc.constantFrom('', 'FROM a\n', '# escape=`\nFROM a\n', 'FROM a AS b\n'),
    fc.array(fc.tuple(scrap, fc.constantFrom('\n', ' ', '')), { maxLength: 14 }),
  )
  .map(([head, list]) => head + list.map(([piece, end]) => piece + end).join(''));

const piece = fc.constantFrom(
  ...['FROM a\n', 'ENV ', 'LABEL ', 'RUN ', 'COPY ', 'ADD ', 'ARG ', 'USER ', 'WORKDIR ', 'VOLUME ', 'CMD ', 'EXPOSE '],
  ...[
    'ONBUILD ',
    'HEALTHCHECK CMD ',
    '--chown=',
    '--exclude=',
    '--mount=type=bind,target=',
    '--',
    '-',
    '/x',
    'a',
    'b=',
  ],
  ...[
    '$x',
    '$' + '{a:-b}',
    '[',
    ']',
    ',',
    '["a", "b"]',
    '<<E',
    '<<-"E"',
    '\nE\n',
    '#',
    'é',
    '=',
    ':',
    '\\',
    '\\\\',
    '`',
    '"',
    "'",
  ],
  ...[' ', '\t', '\u00a0', '\n', '\r\n', ' \\\n'],
);

/** Text of the smallest pieces that mean something, after a FROM; both escape characters. */
export const pieces = fc
  .tuple(fc.constantFrom('FROM a\n', '# escape=`\nFROM a\n'), fc.array(piece, { maxLength: 18 }))
  .map(([head, list]) => head + list.join(''));

/** A well-formed file in which one stretch was cut, doubled or replaced. */
export const mutated = fc
  .tuple(
    wellFormed,
    fc.nat(400),
    fc.nat(12),
    fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('\\', '\n', '"', '$', '{', '<<', '--', '[', '='),
    ),
  )
  .map(([text, at, length, put]) => {
    const start = text.length === 0 ? 0 : at % text.length;
    return text.slice(0, start) + put + text.slice(start + length);
  });

const segment = fc.constantFrom(
  'a',
  'b',
  'ab',
  '*',
  '**',
  'a*',
  '*b',
  '?',
  '[ab]',
  '[^a]',
  'a**',
  '**b',
  '\\a',
  'a[^a]b',
  '[.-b]b',
);

/** Lists of ignore patterns over the names `a`, `b` and `ab`. */
export const patternLists = fc.array(
  fc
    .tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 3 }))
    .map(([exclusion, list]) => (exclusion ? '!' : '') + list.join('/')),
  { maxLength: 5 },
);
