/** System calls that Node lacks. Synchronous; what is not permitted is thrown with its errno as `code`, and the caller decides. */
export { isNotPermitted, type SystemError, systemError } from './errno.js';
export { fileSystemType } from './file-system.js';
export { checked, lastErrno, libc, pathArgument } from './libc.js';
export { type DeviceNumbers, decodeDevice, encodeDevice, makeDevice, makeFifo } from './nodes.js';
export { setTimes, setTimesOfOpen } from './times.js';
export { getXattr, listXattrs, readXattrs, removeXattr, setXattr } from './xattr.js';
