import { type Dockerfile, expandWord, parseDockerfile, resolveArgs } from '@varve/dockerfile';
import { formatPlatform, type Platform } from '@varve/oci';

/**
 * The images that the stages of a Dockerfile begin with, once each, with the values that ARGs before the first FROM have.
 * Errors: those of the language.
 */
export function baseImagesOf(
  content: Uint8Array,
  file: string,
  given: ReadonlyMap<string, string>,
  platform: Platform,
): readonly string[] {
  const parsed = parseDockerfile(content, { file });
  const globals = globalArguments(parsed, given, platform);
  const names = new Set(parsed.stages.flatMap(({ name }) => (name === undefined ? [] : [name])));
  const images = parsed.stages.map(({ from }) =>
    expandWord(from.image.value, name => globals.get(name), parsed.directives),
  );
  return [...new Set(images)].filter(image => image !== '' && image !== 'scratch' && !names.has(image.toLowerCase()));
}

function globalArguments(
  { metaArgs, directives }: Dockerfile,
  given: ReadonlyMap<string, string>,
  platform: Platform,
): ReadonlyMap<string, string> {
  const { os, architecture, variant = '' } = platform;
  const globals = new Map<string, string>(
    ['BUILD', 'TARGET'].flatMap(prefix => [
      [`${prefix}PLATFORM`, formatPlatform(platform)] as const,
      [`${prefix}OS`, os] as const,
      [`${prefix}ARCH`, architecture] as const,
      [`${prefix}VARIANT`, variant] as const,
    ]),
  );
  for (const instruction of metaArgs) {
    const scope = { environment: (name: string) => globals.get(name), buildArg: (name: string) => given.get(name) };
    for (const { name, value } of resolveArgs(instruction, scope, directives))
      if (value !== undefined) globals.set(name, value);
  }
  return globals;
}
