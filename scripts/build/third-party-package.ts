/** A package whose code is part of the executable. */
export interface ThirdPartyPackage {
  readonly name: string;
  readonly version: string;
  /** As SPDX writes it, or as the package itself calls it. */
  readonly license: string;
  /** The licence and notices that came with it; the standard words where it brings none. */
  readonly text: string;
  /** SHA-512 of the archive it came from, hexadecimal, as the lock file has it; undefined where it has none. */
  readonly sha512: string | undefined;
  /** What names it in a bill of materials; left out for a package of npm. */
  readonly purl?: string;
}
