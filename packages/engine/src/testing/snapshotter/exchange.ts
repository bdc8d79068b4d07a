import { checked, libc } from '../../sys/libc.js';
import { zeroEnded } from '../../sys/stat-calls.js';

const rename = libc.func('int renameat2(int from, const void *a, int to, const void *b, uint32_t flags)');
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/** Lets two paths exchange what they name, in one call. Errors: those of the file system (`EINVAL` where it cannot). */
export function exchange(a: string | Buffer, b: string | Buffer): void {
  const [one, other] = [a, b].map(path => zeroEnded(Buffer.from(path)));
  checked(rename(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE), 'renameat2', a);
}
