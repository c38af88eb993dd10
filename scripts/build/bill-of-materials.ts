import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import type { ThirdPartyPackage } from './third-party-package.ts';

/**
 * The packages in an executable as a bill of materials, for programs: CycloneDX 1.6, as JSON. It has no date and no serial number:
 * equal builds are equal.
 */
export function billOfMaterials(
  packages: readonly ThirdPartyPackage[],
  { version }: { readonly version: string },
): string {
  const main = new Models.Component(Enums.ComponentType.Application, 'etcdbrctl', {
    version,
    bomRef: `etcdbrctl@${version}`,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense('Apache-2.0')]),
  });
  const bill = new Models.Bom({ metadata: new Models.Metadata({ component: main }) });
  for (const each of packages) {
    const component = componentOf(each);
    bill.components.add(component);
    main.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bill, { sortLists: true, space: 2 })}\n`;
}

function componentOf({ name, version, license, sha512, ...named }: ThirdPartyPackage): Models.Component {
  const purl = named.purl ?? `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const isId = /^[A-Za-z0-9.+-]+$/.test(license);
  return new Models.Component(Enums.ComponentType.Library, name, {
    version,
    purl,
    bomRef: purl,
    licenses: new Models.LicenseRepository([
      isId ? new Models.SpdxLicense(license) : new Models.LicenseExpression(license),
    ]),
    hashes: new Models.HashDictionary(sha512 === undefined ? [] : [[Enums.HashAlgorithm['SHA-512'], sha512]]),
  });
}
