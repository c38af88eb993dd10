import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from './limits.ts';

/** A path in the place of certificates that holds none, or that would be waited for. */
export class NoCertificateFile extends Error {}

/**
 * The certificates in a PEM file, as PEM. It is opened without waiting, and read up to `limits.certificateFile`: what is read here is
 * read while everything else waits, so that a pipe without a writer would stop the program. Throws a {@link NoCertificateFile}, or
 * what the file system throws.
 */
export function certificatesIn(path: string): readonly string[] {
  return boundedText(path).match(certificate) ?? [];
}

const certificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The certificates in all files of a directory, up to `limits.certificateDirectory`. Files that cannot be read are left out. */
export function certificatesInDirectory(directory: string): readonly string[] {
  const found: string[] = [];
  let left: number = limits.certificateDirectory.most;
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const size = sizeOf(path);
    if (size === undefined) {
      continue;
    }
    left -= size;
    if (left < 0) {
      throw new NoCertificateFile(`${directory} holds more than ${limits.certificateDirectory.most} bytes`);
    }
    found.push(...readable(path));
  }
  return found;
}

/** Bytes of a file; undefined where it is something else, or too large for certificates. */
function sizeOf(path: string): number | undefined {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts?.isFile() === true && facts.size <= limits.certificateFile.most ? facts.size : undefined;
}

/** A directory of the machine may hold a file that only root reads. */
function readable(path: string): readonly string[] {
  try {
    return certificatesIn(path);
  } catch {
    return [];
  }
}

function boundedText(path: string): string {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const facts = fstatSync(file);
    if (facts.isDirectory()) {
      throw new Error(`${path} is a directory`);
    }
    if (!facts.isFile()) {
      throw new NoCertificateFile(`${path} is a pipe or a device`);
    }
    return bytesOf(file, path).toString('latin1');
  } finally {
    closeSync(file);
  }
}

function bytesOf(file: number, path: string): Buffer {
  const { most } = limits.certificateFile;
  const pieces: Buffer[] = [];
  for (let size = 0; ; ) {
    const piece = Buffer.allocUnsafe(Math.min(256 * 1024, most - size + 1));
    // Files of the kernel have no size that says how long they are.
    const read = readSync(file, piece, 0, piece.length, null);
    if (read === 0) {
      return Buffer.concat(pieces);
    }
    size += read;
    if (size > most) {
      throw new NoCertificateFile(`${path} is longer than ${most} bytes`);
    }
    pieces.push(piece.subarray(0, read));
  }
}
