import { decodeObject } from '../kube/objects/decode-object.ts';
import { manifestOf } from '../kube/objects/manifest.ts';
import { readStoredValue, type StoredObject } from '../kube/objects/stored-object.ts';
import { pathOfKey } from '../operations/export/export-names.ts';
import type { KeySource } from '../operations/export/exported-key.ts';
import { OwnersFirst } from '../operations/export/owners-first.ts';
import { StagedDirectory } from '../operations/export/staged-directory.ts';
import { StagedOutput } from '../operations/export/staged-output.ts';
import { Failure } from '../runtime/failure.ts';
import { countText } from '../runtime/log/amount.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { belongingOf } from './object-owners.ts';
import { keyText } from './output/key-text.ts';
import { formatYaml } from './output/yaml.ts';

/** Where manifests go: to stdout, a file, or a directory with a file for each. */
export type ManifestTarget =
  | { readonly kind: 'stdout'; readonly print: (text: string) => Promise<void> }
  | { readonly kind: 'file' | 'directory'; readonly path: string };

/** What is written of objects: `clean` is what kubectl applies, `raw` all of each. */
export type ManifestStyle = 'clean' | 'raw';

/** Writes objects as YAML and gives their number. Throws a Failure `export_incomplete`, after all others, for those that cannot be decoded. */
export async function writeManifests(
  {
    source,
    target,
    style,
    location,
  }: {
    readonly source: KeySource;
    readonly target: ManifestTarget;
    readonly style: ManifestStyle;
    /** Where the objects were read, for messages. */
    readonly location: string;
  },
  context: Pick<RunContext, 'signal' | 'log'>,
): Promise<number> {
  const { log } = context;
  const made = style === 'clean' ? await uidsIn(source) : new Set<string>();
  await using output = await openTarget(target);
  const undecoded: string[] = [];
  let count = 0;
  let left = 0;
  let newer = 0;
  for await (const { key, value } of new OwnersFirst(source, belongingOf).keys()) {
    context.signal.throwIfAborted();
    const stored = readStoredValue(value);
    const decoded = stored.kind === 'object' ? decodeObject(stored) : undefined;
    if (stored.kind !== 'object' || decoded === undefined) {
      undecoded.push(keyText(key));
      continue;
    }
    if (isMade(stored, made)) {
      left++;
      continue;
    }
    newer += decoded.unknownFields > 0 ? 1 : 0;
    await output.add(key, formatYaml(style === 'raw' ? decoded.object : manifestOf(decoded.object)));
    count++;
  }
  // A file without a manifest would be in the way of the next try.
  if (count > 0) {
    await output.finish();
  }
  if (left > 0) {
    log.info(
      `${countText(left, 'object')} that others of the export make ${left === 1 ? 'is' : 'are'} left out; --raw has all`,
    );
  }
  if (newer > 0) {
    log.warn(
      `${countText(newer, 'object')} of a later release of Kubernetes had fields that are not known here and are left out`,
    );
  }
  if (undecoded.length > 0) {
    throw incomplete({ undecoded, written: count, location });
  }
  return count;
}

/** Pods of a deployment and the like come back by themselves, with other names. */
function isMade({ controller }: StoredObject, uids: ReadonlySet<string>): boolean {
  return controller !== '' && uids.has(controller);
}

async function uidsIn(source: KeySource): Promise<Set<string>> {
  const uids = new Set<string>();
  for await (const { value } of source.keys()) {
    const stored = readStoredValue(value);
    if (stored.kind === 'object' && stored.uid !== '') {
      uids.add(stored.uid);
    }
  }
  return uids;
}

interface ManifestOutput extends AsyncDisposable {
  add(key: Uint8Array, yaml: string): Promise<void>;
  finish(): Promise<void>;
}

async function openTarget(target: ManifestTarget): Promise<ManifestOutput> {
  switch (target.kind) {
    case 'stdout':
      return {
        add: (_, yaml) => target.print(`---\n${yaml}`),
        finish: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    case 'file': {
      const output = await StagedOutput.create(target.path);
      return {
        add: (_, yaml) => output.write(`---\n${yaml}`),
        finish: () => output.finish(),
        [Symbol.asyncDispose]: () => output[Symbol.asyncDispose](),
      };
    }
    case 'directory': {
      const staged = await StagedDirectory.create(target.path);
      return {
        add: (key, yaml) => staged.add(pathOfKey(key, '.yaml'), yaml),
        finish: () => staged.finish(),
        [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
      };
    }
    default:
      return target satisfies never;
  }
}

function incomplete({
  undecoded,
  written,
  location,
}: {
  readonly undecoded: readonly string[];
  readonly written: number;
  readonly location: string;
}): Failure {
  const named = undecoded.slice(0, 5).join(', ');
  const more = undecoded.length > 5 ? ` and ${countText(undecoded.length - 5, 'other')}` : '';
  return new Failure({
    code: 'export_incomplete',
    action: 'write manifests of',
    object: location,
    found: `${countText(undecoded.length, 'key')} ${undecoded.length === 1 ? 'holds' : 'hold'} no object that can be decoded: ${named}${more}; ${written === 0 ? 'nothing is' : 'all others are'} written`,
    remedy: 'export these without --kubernetes, and write them back with etcdbrctl apply',
  });
}
