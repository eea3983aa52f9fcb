/** How things are called that a lab makes on the machine. */

/** With this everything begins that is ours. */
export const MARK = 'etherloom-';

/** Folder of the files of all labs that run. */
export const LABS_FOLDER = '/run/etherloom';

/** The network namespace of a service. */
export function namespaceName(lab: string, service: string): string {
  return `${MARK}${lab}-${service}`;
}

/** What stands in here is seen under /etc by programs that `ip netns exec` starts (ip-netns(8)). */
export function netnsFolder(namespace: string): string {
  return `/etc/netns/${namespace}`;
}

/**
 * The words that run a program in a namespace. `ip` alone would end with status 1 for a program that is not there; a shell says 127, and 126 for
 * one that cannot be run.
 */
export function wordsInside(namespace: string, command: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, 'sh', '-c', 'exec "$0" "$@"', ...command];
}

/** Where a namespace can be opened. */
export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** What we write on a TAP that we made for somebody. */
export function tapAlias(lab: string): string {
  return `${MARK}${lab}`;
}
