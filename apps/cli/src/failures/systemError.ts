/** What people do about the ways in which a computer refuses. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space, or choose a folder on another disk',
  EDQUOT: 'your share of the disk is used up: free space, or choose another folder',
  EROFS: 'it is on a disk that cannot be written to: choose another folder',
  EACCES: 'you have no permission: change that, or choose another place',
  EPERM: 'you have no permission: change that, or choose another place',
  ENOENT: 'it is not there: check the path',
  ENOTDIR: 'a part of the path is a file: choose another path',
  EISDIR: 'it is a folder: name a file',
  EEXIST: 'it is there already: choose another name',
  EMFILE: 'too many files are open: close other programs, or raise the limit (ulimit -n)',
  ENAMETOOLONG: 'the name is too long: choose a shorter one',
  EIO: 'the disk or the terminal does not answer',
};

/** An error of the operating system: a full disk, a folder that may not be written to. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

/** The file, the reason and the remedy. */
export function systemErrorLine({ code = 'unknown', syscall, path, message }: NodeJS.ErrnoException): string {
  const remedy = remedies[code];
  if (remedy === undefined) return message;
  const writes =
    ['write', 'rename', 'mkdir', 'fsync', 'unlink', 'ftruncate'].includes(syscall ?? '') ||
    code === 'ENOSPC' ||
    code === 'EROFS';
  return `cannot ${writes ? 'write' : 'read'}${path === undefined ? '' : ` '${path}'`}: ${remedy} (${code})`;
}
