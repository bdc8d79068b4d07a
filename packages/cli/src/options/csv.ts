import { BadValue } from './problems.js';

/**
 * The fields of one CSV record, as Go's encoding/csv and so `docker buildx build` read it: a field that starts with `"` ends at the
 * next single `"`, `""` inside is one quote, and a quote elsewhere is a mistake.
 */
export function csvFields(text: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (true) {
    const { field, next } = text[at] === '"' ? quotedField(text, at) : bareField(text, at);
    fields.push(field);
    if (next >= text.length) return fields;
    at = next + 1;
    if (at === text.length) return [...fields, ''];
  }
}

function bareField(text: string, from: number): { readonly field: string; readonly next: number } {
  const comma = text.indexOf(',', from);
  const next = comma === -1 ? text.length : comma;
  const field = text.slice(from, next);
  if (field.includes('"')) throw new BadValue(`a quote may only stand around a whole field: ${field}`);
  return { field, next };
}

function quotedField(text: string, from: number): { readonly field: string; readonly next: number } {
  let field = '';
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] !== '"') {
      field += text[at];
    } else if (text[at + 1] === '"') {
      field += '"';
      at++;
    } else {
      const next = at + 1;
      if (next < text.length && text[next] !== ',') throw new BadValue('text after a closing quote');
      return { field, next };
    }
  }
  throw new BadValue('a quote is not closed');
}
