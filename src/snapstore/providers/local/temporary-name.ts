const TEMPORARY = /^\.etcdbrctl-[0-9a-f]{16}\.partial$/;

/** A name for a file that is still being written; no snapshot has such a name. */
export function temporaryName(): string {
  // The global object: every start would pay for node:crypto, and few write.
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(8)));
  return `.etcdbrctl-${random.toString('hex')}.partial`;
}

/** True for names that {@link temporaryName} makes. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}
