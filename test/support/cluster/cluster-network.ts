import { randomInt } from 'node:crypto';

/** Where the pods of a cluster run. Each has an address of its own, so all can use the same ports. */
export interface ClusterNetwork extends AsyncDisposable {
  /** Whether a pod can be cut off, and whether servers of the test on 127.0.0.1 are reached from a pod. */
  readonly kind: 'loopback' | 'namespaces';
  address(pod: number): string;
  /** The command as it has to be started to run in a pod. */
  inside(pod: number, command: readonly string[]): readonly string[];
  /** Cuts a pod off from the other pods: what it sends them, and they send it, is lost without a word. */
  isolate(pod: number): Promise<void>;
  /** Ends that. */
  rejoin(pod: number): Promise<void>;
}

/** Addresses of 127.0.0.0/8. Nobody can be cut off. */
export function loopbackNetwork(): ClusterNetwork {
  const base = `127.${randomInt(1, 255)}.${randomInt(0, 255)}`;
  const refuse = (): Promise<never> => Promise.reject(new Error('a pod on the loopback device cannot be cut off'));
  return {
    kind: 'loopback',
    address: (pod) => `${base}.${pod + 1}`,
    inside: (_, command) => command,
    isolate: refuse,
    rejoin: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
