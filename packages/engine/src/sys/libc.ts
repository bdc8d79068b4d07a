import koffi from 'koffi';

/** The C library of this process, whatever its name: symbols are looked up where Node itself finds them. */
export const libc = koffi.load(null);

const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

/** A system call that failed: `code` as Node names it (`EPERM`), for what was attempted. */
export class SysError extends Error {
  override readonly name = 'SysError';
  readonly code: string;
  readonly syscall: string;

  constructor(code: string, syscall: string, what: string) {
    super(`${syscall} ${what}: ${code}`);
    this.code = code;
    this.syscall = syscall;
  }
}

/** Gives the result of a call that answers −1 for a failure. Call it with nothing in between, or errno is another's. */
export function checked(result: number, syscall: string, what: string): number {
  if (result !== -1) return result;
  const errno = koffi.errno();
  throw new SysError(names.get(errno) ?? `E${errno}`, syscall, what);
}
