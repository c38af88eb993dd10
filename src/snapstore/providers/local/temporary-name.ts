import { randomBytes } from 'node:crypto';

const TEMPORARY = /^\.etcdbrctl-[0-9a-f]{16}\.partial$/;

/** A name for a file that is still being written; no snapshot has such a name. */
export function temporaryName(): string {
  return `.etcdbrctl-${randomBytes(8).toString('hex')}.partial`;
}

/** True for names that {@link temporaryName} makes. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}
