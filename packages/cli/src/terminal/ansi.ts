// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what these patterns are about

/** A colour (SGR sequence): the one kind of escape sequence that moves nothing. */
export const colourPattern = /\x1b\[[\d;:]*m/;

/** Every colour in a text. */
export const colours = new RegExp(colourPattern, 'g');

/** Cuts a text into colours (at odd places) and what stands between them. */
export const colourSplitter = new RegExp(`(${colourPattern.source})`);

/** A colour, or one character. */
export const colourOrCharacter = new RegExp(`${colourPattern.source}|[^]`, 'gu');

/** What can act on a terminal: OSC, DCS, APC, PM and SOS strings, CSI sequences, other escapes, controls but tab. */
export const controls =
  /\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*(?:[\x40-\x7e]|$)|\x1b[\x20-\x2f]*(?:[\x30-\x7e]|$)|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
