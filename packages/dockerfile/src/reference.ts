const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const remainder = new RegExp(`^(${component}(?:/${component})*)(?::${tag})?(?:@${digest})?$`);

/**
 * Whether the text can name an image (`name`, `host/path:tag`, `name@digest`), by the grammar of
 * distribution/reference. 64 hexadecimal digits cannot: they would be an image's id.
 */
export function isImageReference(text: string): boolean {
  if (/^[a-f0-9]{64}$/.test(text)) return false;
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const hasHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const rest = hasHost ? text.slice(slash + 1) : text;
  const path = remainder.exec(rest)?.[1];
  return path !== undefined && path.length <= 255 && (!hasHost || domain.test(first));
}
