import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { kindOf } from '../../fs/open-file.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { readAtMost } from '../../runtime/read-at-most.ts';
import { isFileSystemError, systemRefusal } from '../../runtime/system-error.ts';

/** Paths of the PEM files that a server shows and signs with. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate chain and its key, PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How often the files are looked at, ms. Kubernetes itself takes a minute to bring a renewed secret. */
const periodMs = 10_000;

/** Longer PEM files are none, bytes. */
const longest = 1024 * 1024;

/** The certificate of a server, read again when its files change. */
export class ServedCertificate {
  readonly #files: CertificateFiles;
  /** Times and sizes of the files when they were last looked at. */
  #stamp: string;
  #pair: KeyPair;

  private constructor(files: CertificateFiles, stamp: string, pair: KeyPair) {
    this.#files = files;
    this.#stamp = stamp;
    this.#pair = pair;
  }

  /** Reads the files for the first time. Throws a Failure `server_certificate`. */
  static async open(
    files: CertificateFiles,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ): Promise<ServedCertificate> {
    const stamp = await stampOf(files);
    const pair = await readPair(files);
    warnOutOfTime(pair, files, { clock, log });
    return new ServedCertificate(files, stamp, pair);
  }

  /** What was read last without a fault. */
  get pair(): KeyPair {
    return this.#pair;
  }

  /**
   * Looks at the files every few seconds until `signal` aborts, and calls `use` with each new pair. Files that cannot be used,
   * as in the middle of a renewal, are warned about once and change nothing.
   */
  async watch(
    use: (pair: KeyPair) => void,
    { signal, clock, log }: { readonly signal: AbortSignal; readonly clock: Clock; readonly log: Logger },
  ): Promise<void> {
    let fault: string | undefined;
    /** A chain that is shorter than the one before may be the beginning of one that is being written: it counts when it stays. */
    let begun: string | undefined;
    for (;;) {
      await clock.sleep(periodMs, signal).catch(() => {});
      if (signal.aborted) {
        return;
      }
      const stamp = await stampOf(this.#files);
      // What failed may be mended without a new time of change, as by chmod.
      if (stamp === this.#stamp && fault === undefined) {
        continue;
      }
      this.#stamp = stamp;
      try {
        const pair = await readPair(this.#files);
        if (begun !== stamp && chainLength(pair) < chainLength(this.#pair)) {
          begun = stamp;
          this.#stamp = 'begun';
          continue;
        }
        use(pair);
        this.#pair = pair;
        fault = undefined;
        log.info('The certificate of the server has changed and was read again');
        warnOutOfTime(pair, this.#files, { clock, log });
      } catch (error) {
        if (messageOf(error) !== fault) {
          fault = messageOf(error);
          log.warn({ error }, `Going on with the certificate that was read before: ${fault}`);
        }
      }
    }
  }
}

function chainLength({ cert }: KeyPair): number {
  return cert.toString('latin1').split('-----BEGIN ').length - 1;
}

/** A certificate outside its time is served all the same: clients that skip verification still get their answers. */
function warnOutOfTime(
  { cert }: KeyPair,
  { certFile }: CertificateFiles,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): void {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const now = clock.now();
  if (now < validFromDate.getTime()) {
    log.warn(
      `The certificate in ${certFile} is not valid before ${validFromDate.toISOString()}: clients will refuse it`,
    );
  } else if (now > validToDate.getTime()) {
    log.warn(
      `The certificate in ${certFile} ran out at ${validToDate.toISOString()}: clients will refuse it; renew it`,
    );
  }
}

async function stampOf({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const stamps = await Promise.all(
    [certFile, keyFile].map(async (path) => {
      const facts = await stat(path).catch(() => undefined);
      return facts === undefined ? 'none' : `${facts.mtimeMs}/${facts.size}/${facts.ino}`;
    }),
  );
  return stamps.join(' ');
}

async function readPair({ certFile, keyFile }: CertificateFiles): Promise<KeyPair> {
  const cert = await readPem(certFile, '--server-cert');
  const key = await readPem(keyFile, '--server-key');
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw refuse(`${certFile} with the key ${keyFile}`, reasonOf(error), error);
  }
  return { cert, key };
}

async function readPem(path: string, flag: string): Promise<Buffer> {
  const object = `${path} (${flag})`;
  let bytes: Buffer;
  try {
    const facts = await stat(path);
    // It is read again and again, which a pipe or a device does not bear.
    if (!facts.isFile() && !facts.isDirectory()) {
      throw refuse(
        object,
        `it is ${kindOf(facts)}: a server reads it again when it has changed, which takes a regular file`,
      );
    }
    if (facts.size > longest) {
      throw refuse(object, 'it is too large to be a PEM file');
    }
    bytes = await readAtMost(path, longest);
  } catch (error) {
    throw error instanceof Failure
      ? error
      : refuse(object, isFileSystemError(error) ? systemRefusal(error).found : messageOf(error), error);
  }
  if (!bytes.includes('-----BEGIN ')) {
    throw refuse(object, 'it holds no PEM block');
  }
  return bytes;
}

/** What OpenSSL says, in words; it has codes where a person needs to know which file is wrong. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (/key values mismatch/i.test(message)) {
    return 'the key is not that of the certificate';
  }
  if (/bad (decrypt|password)|interrupted or cancelled|empty password|password/i.test(message)) {
    return 'the key is encrypted; give one without a passphrase';
  }
  return `one of them holds nothing that can be used (${message})`;
}

function refuse(object: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'server_certificate',
    action: 'serve HTTPS with',
    object,
    found,
    remedy: 'check --server-cert and --server-key',
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
