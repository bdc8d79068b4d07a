import type { ErrorCode } from '../errors.js';
import { isSpace } from '../text.js';
import { removePrefix, removeSuffix, replacePattern } from './pattern.js';

/** How words are read; the defaults are those of an instruction's argument. */
export interface LexOptions {
  readonly escape: '\\' | '`';
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are ordinary characters. */
  readonly plainQuotes?: boolean;
  /** An expansion of an unset variable stays as it is written. */
  readonly keepUnset?: boolean;
  readonly lookup: (name: string) => string | undefined;
  readonly onUnset?: (name: string) => void;
  readonly onUse?: (name: string) => void;
}

/** What is wrong with a word; the caller knows where the word stands. */
export class ExpansionProblem extends Error {
  readonly code: ErrorCode;
  readonly offset: number;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, offset: number, hint?: string) {
    super(message);
    this.code = code;
    this.offset = offset;
    if (hint !== undefined) this.hint = hint;
  }
}

/** The text expanded, and the same split at unquoted white space. */
export interface LexResult {
  readonly text: string;
  readonly words: readonly string[];
}

const nameCharacter = /[\p{L}\p{Nd}_]/u;
const digit = /\p{Nd}/u;
const specialParameters = '@*#?-$!0';
const modifiers = '-+?#%';
/** Nesting deeper than this is an error, not a full call stack. */
const deepest = 200;

/** Collects words while the text is read. */
class Words {
  #word = '';
  #inWord = false;
  readonly #words: string[] = [];

  /** Text whose white space separates words. */
  add(text: string): void {
    for (let at = 0; at < text.length; at++) {
      if (!isSpace(text.charCodeAt(at))) this.addRaw(text.charAt(at));
      else if (this.#inWord && this.#word !== '') this.#finish();
    }
  }

  /** Text that belongs to the current word whatever it is. */
  addRaw(text: string): void {
    this.#word += text;
    this.#inWord = true;
  }

  #finish(): void {
    this.#words.push(this.#word);
    this.#word = '';
    this.#inWord = false;
  }

  done(): readonly string[] {
    if (this.#word !== '') this.#finish();
    return this.#words;
  }
}

/** Reads one text; made anew for each. Follows the reference implementation's shell lexer. */
export class Lexer {
  readonly #text: string;
  readonly #options: LexOptions;
  #at = 0;
  #depth = 0;

  constructor(text: string, options: LexOptions) {
    this.#text = text;
    this.#options = options;
  }

  /** @throws ExpansionProblem */
  run(): LexResult {
    return this.#until(undefined, this.#options.rawEscapes ?? false);
  }

  #peek(): string | undefined {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  #next(): string | undefined {
    const character = this.#peek();
    if (character !== undefined) this.#at += character.length;
    return character;
  }

  #fail(message: string, offset: number, hint?: string): never {
    throw new ExpansionProblem('E_BAD_SUBSTITUTION', message, offset, hint);
  }

  /** Reads up to `stop`, which is consumed, or to the end. */
  #until(stop: string | undefined, rawEscapes: boolean): LexResult {
    const begun = this.#at;
    const words = new Words();
    let text = '';
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (character === stop) {
        this.#next();
        return { text, words: words.done() };
      }
      if (character === '$') {
        const value = this.#dollar();
        text += value;
        words.add(value);
      } else if ((character === "'" || character === '"') && !this.#options.plainQuotes) {
        const quoted = character === "'" ? this.#singleQuotes() : this.#doubleQuotes(rawEscapes);
        text += quoted;
        words.addRaw(quoted);
      } else {
        this.#next();
        if (character !== this.#options.escape) {
          text += character;
          words.add(character);
          continue;
        }
        if (rawEscapes) {
          text += character;
          words.addRaw(character);
        }
        const escaped = this.#next();
        if (escaped === undefined) break;
        text += escaped;
        words.addRaw(escaped);
      }
    }
    if (stop !== undefined) {
      this.#fail(`missing '${stop}' of the expansion`, begun, 'close the expansion');
    }
    return { text, words: words.done() };
  }

  #singleQuotes(): string {
    const begun = this.#at;
    const close = this.#text.indexOf("'", begun + 1);
    if (close < 0)
      this.#fail('the single quote is never closed', begun, "write \\' for a quote that is part of the word");
    this.#at = close + 1;
    return this.#options.rawQuotes ? this.#text.slice(begun, close + 1) : this.#text.slice(begun + 1, close);
  }

  #doubleQuotes(rawEscapes: boolean): string {
    const begun = this.#at;
    const quote = this.#options.rawQuotes ? '"' : '';
    this.#next();
    let text = quote;
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (character === '"') {
        this.#next();
        return text + quote;
      }
      if (character === '$') {
        text += this.#dollar();
        continue;
      }
      this.#next();
      if (character === this.#options.escape) {
        if (rawEscapes) text += character;
        const escaped = this.#peek();
        if (escaped === undefined) break;
        if (escaped === '"' || escaped === '$' || escaped === this.#options.escape) {
          this.#next();
          character = escaped;
        }
      }
      text += character;
    }
    return this.#fail('the double quote is never closed', begun, 'write \\" for a quote that is part of the word');
  }

  #dollar(): string {
    const begun = this.#at;
    this.#next();
    if (this.#peek() !== '{') {
      const name = this.#name();
      if (name === '') return '$';
      const value = this.#value(name);
      return value ?? (this.#options.keepUnset ? `$${name}` : '');
    }
    this.#next();
    if (++this.#depth > deepest) this.#fail('expansions are nested too deeply', begun);
    const value = this.#braces(begun);
    this.#depth--;
    return value;
  }

  /** Everything after `${`. */
  #braces(begun: number): string {
    const first = this.#peek();
    if (first === undefined) this.#fail("missing '}'", begun, 'close the expansion');
    if (first === '{' || first === '}' || first === ':') this.#fail('bad substitution', begun, 'a name must follow ${');
    const name = this.#name();
    if (name === '') this.#fail(`bad substitution: a variable's name cannot begin with '${first}'`, begun);
    const operator = this.#next();
    if (operator === undefined) this.#fail("missing '}'", begun, 'close the expansion');
    if (operator === '}') return this.#value(name) ?? (this.#options.keepUnset ? `\${${name}}` : '');
    if (operator === '/') return this.#replace(name);
    if (operator !== ':') {
      if (!modifiers.includes(operator)) this.#unsupported(operator, begun);
      return this.#modified(name, '', operator);
    }
    const after = this.#next();
    if (after === undefined) this.#fail("missing '}'", begun, 'close the expansion');
    if (after === '#' || after === '%') this.#unsupported(`:${after}`, begun);
    return this.#modified(name, ':', after);
  }

  #unsupported(modifier: string, begun: number): never {
    return this.#fail(`unsupported modifier (${modifier}) in substitution`, begun, 'known: - + ? # ## % %% / //');
  }

  #modified(name: string, colon: string, operator: string): string {
    const trims = operator === '#' || operator === '%';
    const begun = this.#at;
    const { text: word } = this.#until('}', trims);
    const value = this.#value(name);
    if (value === undefined && this.#options.keepUnset) return `\${${name}${colon}${operator}${word}}`;
    // as late as the reference: a line whose variables stay unset, as in the search for heredocs, may hold any `:x`
    if (!modifiers.includes(operator)) this.#unsupported(colon + operator, begun);
    const missing = value === undefined || (colon === ':' && value === '');
    switch (operator) {
      case '-':
        return missing ? word : value;
      case '+':
        return missing ? '' : word;
      case '?': {
        if (!missing) return value;
        const reason = word === '' ? `is not allowed to be ${value === undefined ? 'unset' : 'empty'}` : word;
        throw new ExpansionProblem('E_VARIABLE_REQUIRED', `${name}: ${reason}`, begun, `give ${name} a value`);
      }
      default: {
        const longest = word.startsWith(operator);
        const pattern = longest ? word.slice(1) : word;
        return this.#patterned(begun, () =>
          operator === '#' ? removePrefix(value ?? '', pattern, longest) : removeSuffix(value ?? '', pattern, longest),
        );
      }
    }
  }

  #replace(name: string): string {
    const all = this.#peek() === '/';
    if (all) this.#next();
    const begun = this.#at;
    const { text: pattern } = this.#until('/', true);
    const { text: replacement } = this.#until('}', true);
    const value = this.#value(name);
    if (value === undefined && this.#options.keepUnset) return `\${${name}/${pattern}/${replacement}}`;
    return this.#patterned(begun, () => replacePattern(value ?? '', pattern, replacement, all));
  }

  #patterned(begun: number, apply: () => string | undefined): string {
    const result = apply();
    if (result === undefined)
      this.#fail('invalid pattern in substitution', begun, 'only \\*, \\?, \\\\, \\/ and \\} may be escaped');
    return result;
  }

  #value(name: string): string | undefined {
    const value = this.#options.lookup(name);
    if (value === undefined) this.#options.onUnset?.(name);
    else this.#options.onUse?.(name);
    return value;
  }

  #name(): string {
    let character = this.#peek();
    if (character === undefined) return '';
    const wanted = digit.test(character) ? digit : nameCharacter;
    if (wanted !== digit && specialParameters.includes(character)) {
      this.#next();
      return character;
    }
    let name = '';
    while (character !== undefined && wanted.test(character)) {
      name += character;
      this.#next();
      character = this.#peek();
    }
    return name;
  }
}
