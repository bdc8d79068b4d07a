import { truthOf } from '../flags/switch-values.js';
import { BadValue } from '../options/problems.js';

/** What Go takes for a truth value (strconv.ParseBool). `name` is for the message. */
export function goTruth(text: string, name: string): boolean {
  const truth = truthOf(text);
  if (truth === undefined) throw new BadValue(`${name} is true or false`);
  return truth;
}
