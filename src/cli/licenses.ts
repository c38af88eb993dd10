import { getAsset, isSea } from 'node:sea';
import { Failure } from '../runtime/failure.ts';

const assets = { text: 'licenses.txt', sbom: 'sbom.json' } as const;

/**
 * The licences of the software in this executable, or its bill of materials (CycloneDX). Throws a Failure `licenses_absent` when
 * the program runs from source, where each package has its own.
 */
export function licenses(form: keyof typeof assets): string {
  if (!isSea()) {
    throw new Failure({
      code: 'licenses_absent',
      action: 'print the licences of',
      object: 'etcdbrctl',
      found: 'it runs from source, where node_modules holds them',
      remedy: 'ask the built executable',
    });
  }
  return getAsset(assets[form], 'utf8');
}
