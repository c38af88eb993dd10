/** Below this a buffer may share its memory with others, and the garbage collector is quick enough. */
const WORTH_IT = 128 * 1024;

/**
 * Gives the memory below `bytes` back at once, for large buffers that nobody looks at any more: until the garbage collector
 * notices them, many times what is needed would pile up.
 */
export function releaseMemory(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= WORTH_IT && !buffer.detached) {
    buffer.transfer(0);
  }
}
