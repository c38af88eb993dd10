/** Requests of files and of host names: each waits in a thread until the system answers. */
const requests = /^FS|FileHandle|^Get(?:Addr|Name)Info/;

/** What a running worker thread shows as. */
const workers = /Worker|MessagePort/;

/**
 * Whether the end of the process would wait for other threads, perhaps for ever: a file on a mount that hangs or a pipe without a writer
 * never answers. `resources` are those of `process.getActiveResourcesInfo()`.
 */
export function pendingThreadWork(resources: readonly string[]): 'none' | 'requests' | 'workers' {
  if (resources.some((name) => requests.test(name))) {
    return 'requests';
  }
  return resources.some((name) => workers.test(name)) ? 'workers' : 'none';
}
