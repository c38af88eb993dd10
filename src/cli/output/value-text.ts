import { decodeObject } from '../../kube/objects/decode-object.ts';
import { masked } from '../../kube/objects/masked-secret.ts';
import { readStoredValue, type StoredValue } from '../../kube/objects/stored-object.ts';
import { formatBytes } from '../../runtime/log/amount.ts';
import { isPrintable } from '../../runtime/log/printable.ts';
import { textOf } from './key-text.ts';
import { formatYaml } from './yaml.ts';

/** Keys of Kubernetes whose values are secrets, whatever prefix its API servers have: `/registry/secrets/NAMESPACE/NAME`. */
const SECRET_KEY = /^\/?[^/]+\/secrets\/|(?:^|\/)secrets\/[^/]+\/[^/]+$/;

/** How values are shown as text. */
export interface ValueStyle {
  readonly showSecrets: boolean;
}

/** Whether a value is a secret that text and YAML leave out. */
export function isHidden(key: Uint8Array, value: StoredValue, { showSecrets }: ValueStyle): boolean {
  const isSecret = value.kind === 'object' && value.objectKind === 'Secret';
  return !showSecrets && (isSecret || SECRET_KEY.test(Buffer.from(key).toString('latin1')));
}

/** What is known of a value besides its bytes; label and text. */
export function valueFacts(value: Uint8Array): readonly (readonly [label: string, text: string | undefined])[] {
  const stored = readStoredValue(value);
  switch (stored.kind) {
    case 'object': {
      const { objectKind, name, namespace, apiVersion } = stored;
      return [
        ['Object', `${objectKind} ${name}${namespace === '' ? '' : ` in namespace ${namespace}`} (${apiVersion})`],
      ];
    }
    case 'encrypted':
      return [['Encrypted', `by ${stored.provider} with the key ${JSON.stringify(stored.keyName)}`]];
    case 'damaged':
      return [['Not decoded', stored.why]];
    case 'other':
      return [];
    default:
      return stored satisfies never;
  }
}

/** The same for scripts. */
export function valueFactsData(value: Uint8Array): Readonly<Record<string, unknown>> {
  const stored = readStoredValue(value);
  switch (stored.kind) {
    case 'object': {
      const { apiVersion, objectKind: kind, namespace, name } = stored;
      return { object: { apiVersion, kind, ...(namespace === '' ? {} : { namespace }), name } };
    }
    case 'encrypted':
      return { encrypted: { provider: stored.provider, keyName: stored.keyName } };
    case 'damaged':
      return { notDecoded: stored.why };
    case 'other':
      return {};
    default:
      return stored satisfies never;
  }
}

/**
 * The lines of a value: objects of Kubernetes as YAML, what is a text that a terminal may show as it is; else one line that says why not.
 * `shown` says whether it is the value.
 */
export function valueLines(
  key: Uint8Array,
  value: Uint8Array,
  style: ValueStyle,
): { readonly lines: readonly string[]; readonly shown: boolean } {
  const stored = readStoredValue(value);
  if (isHidden(key, stored, style)) {
    return { lines: [`(a secret of ${formatBytes(value.length)}; --show-secrets shows it)`], shown: false };
  }
  const yaml = objectYaml(key, stored, style);
  if (yaml !== undefined) {
    return { lines: yaml.trimEnd().split('\n'), shown: true };
  }
  const lines = textOf(value)?.split('\n');
  return lines?.every((line) => isPrintable(line.replaceAll('\t', ' '))) === true
    ? { lines, shown: true }
    : { lines: [`(${formatBytes(value.length)} that are no text)`], shown: false };
}

/** An object of Kubernetes as YAML, a secret without its values; undefined for what cannot be decoded. */
export function objectYaml(key: Uint8Array, stored: StoredValue, style: ValueStyle): string | undefined {
  const decoded = stored.kind === 'object' ? decodeObject(stored) : undefined;
  if (decoded === undefined) {
    return undefined;
  }
  const { object, unknownFields } = decoded;
  const note = unknownFields === 0 ? '' : `# fields of a later release of Kubernetes are left out: ${unknownFields}\n`;
  return `${note}${formatYaml(isHidden(key, stored, style) ? masked(object) : object)}`;
}
