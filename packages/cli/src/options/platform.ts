import { BadValue } from './problems.js';

/** `OS/ARCH[/VARIANT]`, several with commas. Whether they exist is for the engine to say. */
export function parsePlatforms(text: string): readonly string[] {
  return text.split(',').map(part => {
    const platform = part.trim();
    if (!/^[a-z0-9_.-]+(?:\/[a-z0-9_.-]+){0,2}$/i.test(platform)) {
      throw new BadValue(`${platform === '' ? 'an empty platform' : platform} is not of the form OS/ARCH[/VARIANT]`);
    }
    return platform;
  });
}
