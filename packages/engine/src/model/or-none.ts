/** What is made, or undefined where that fails: for what is made ahead, and fails again in its turn, where it is told. */
export function orNone<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
