/** Why a capture file cannot be opened, read on or written: a capture of another kind, a missing file, a full disk. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';

  /**
   * @param path the file, as the user named it
   * @param offset the byte at which the trouble was met, from 0, in the file as the reader sees it (for gzip, after decompression)
   * @param what what is wrong, a clause without a full stop
   * @param fix what to do about it, a clause without a full stop
   */
  constructor(
    readonly path: string,
    readonly offset: number,
    readonly what: string,
    readonly fix: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: byte ${offset}: ${what}; ${fix}`, options);
  }

  /** The same for an error of the operating system, whose code chooses the advice. */
  static ofSystem(path: string, offset: number, act: string, cause: unknown): CaptureError {
    const code = codeOf(cause);
    const [what, fix] = systemErrors[code] ?? [
      `the system refused it (${code === '' ? String(cause) : code})`,
      'check the file and the device it lies on',
    ];
    return new CaptureError(path, offset, `cannot ${act} the capture: ${what}`, fix, { cause });
  }
}

const systemErrors: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOENT: ['there is no such file or directory', 'check the path'],
  EISDIR: ['it is a directory', 'name a capture file in it'],
  ENOTDIR: ['a part of the path is not a directory', 'check the path'],
  EACCES: ['the permission is missing', 'give this user access to it'],
  EPERM: ['the permission is missing', 'give this user access to it'],
  ENOSPC: ['no space is left on the device', 'make room or choose another place'],
  EDQUOT: ['the disk quota is used up', 'make room or choose another place'],
  EFBIG: ['the file would be larger than the system allows', 'write fewer frames per file'],
  EROFS: ['the file system is read-only', 'choose another place'],
  EPIPE: ['nobody reads the pipe any more', 'start its reader again'],
  EIO: ['the device reported an error', 'check the disk and copy the file to another one'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) or use fewer captures at once'],
};

function codeOf(cause: unknown): string {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : '';
  return typeof code === 'string' ? code : '';
}
