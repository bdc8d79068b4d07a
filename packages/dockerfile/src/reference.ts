const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?)`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`);

/**
 * Whether the text can name an image (`name`, `host/path:tag`, `name@digest`), by the grammar of
 * distribution/reference. 64 hexadecimal digits cannot: they would be an image's id.
 */
export function isImageReference(text: string): boolean {
  return text.length <= 512 && !/^[a-f0-9]{64}$/.test(text) && reference.test(text);
}
