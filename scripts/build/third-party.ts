import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { libdeflate } from './libdeflate.ts';
import type { NodeRuntime } from './node-runtime.ts';
import type { ThirdPartyPackage } from './third-party-package.ts';

/** The part of package.json that is read. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[] | readonly string[];
  readonly author?: string | { readonly name: string };
}

/**
 * The packages that the bundles contain, Node itself, what WebAssembly is compiled with and what native modules are linked with, by name and
 * version. Throws for one whose licence is unknown: what may not be passed on must not be built in.
 */
export function thirdPartyPackages(
  root: string,
  bundles: readonly Metafile[],
  runtime: Pick<NodeRuntime, 'directory' | 'lockName'> & { readonly arch: string },
): readonly ThirdPartyPackage[] {
  const integrity = readIntegrity(root);
  const directories = new Set(
    bundles
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((file) => /\bnode_modules\/.*/.exec(file) ?? [])
      .flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []),
  );
  const found = [...directories].map((directory) => describe(join(root, directory), integrity.get(directory)));
  found.push(describe(runtime.directory, integrity.get(runtime.lockName)));
  // Its library is compiled into the WebAssembly modules.
  const compiler = 'node_modules/assemblyscript';
  found.push(describe(join(root, compiler), integrity.get(compiler)));
  found.push(libdeflate(root, runtime.arch));
  // One that is installed in several places is one package.
  const distinct = new Map(found.map((each) => [`${each.name}@${each.version}`, each]));
  return [...distinct.values()].toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** All licences as one text, for people. */
export function licensesText(packages: readonly ThirdPartyPackage[]): string {
  const list = packages.map(({ name, version, license }) => `${name} ${version}: ${license}`);
  const texts = packages.map(({ name, version, text }) => `${'-'.repeat(80)}\n${name} ${version}\n\n${text.trim()}\n`);
  return `This program contains the following software.\n\n${list.join('\n')}\n\n${texts.join('\n')}`;
}

function describe(directory: string, sha512: string | undefined): ThirdPartyPackage {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
  const texts = readdirSync(directory)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .toSorted()
    .map((name) => readFileSync(join(directory, name), 'utf8'));
  const license = declared(manifest) ?? recognized(texts.join('\n'));
  if (license === undefined) {
    throw new Error(`${directory} states no licence, so it cannot be part of the executable`);
  }
  const text = texts.length === 0 ? standardWords(license, manifest, directory) : texts.join('\n');
  return { name: manifest.name, version: manifest.version, license, text, sha512 };
}

/** Names that packages use, and what SPDX calls the same. */
const spdxNames: Readonly<Record<string, string>> = { 'ASL 2.0': 'Apache-2.0', Apache2: 'Apache-2.0' };

function declared({ license, licenses = [] }: Manifest): string | undefined {
  const all = [license ?? licenses].flat().map((each) => (typeof each === 'string' ? each : each.type));
  const names = all.map((each) => spdxNames[each] ?? each);
  return names.length < 2 ? names[0] : `(${names.join(' OR ')})`;
}

function recognized(text: string): string | undefined {
  return /Permission is hereby granted, free of charge/.test(text) ? 'MIT' : undefined;
}

const mitWords = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** For packages that name a licence and bring no text of it. */
function standardWords(license: string, { author }: Manifest, directory: string): string {
  const holder = typeof author === 'string' ? author : (author?.name ?? 'its authors');
  switch (license) {
    case 'MIT':
      return `Copyright (c) ${holder}\n\n${mitWords}`;
    case 'Apache-2.0':
      return `Copyright ${holder}\n\nLicensed under the Apache License, Version 2.0; its text is that of etcdbrctl's own licence.`;
    default:
      throw new Error(`${directory} brings no text of its licence ${license}`);
  }
}

function readIntegrity(root: string): ReadonlyMap<string, string> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  return new Map(
    Object.entries(lock.packages).flatMap(([directory, { integrity }]) => {
      const hash = /^sha512-(\S+)/.exec(integrity ?? '')?.[1];
      return hash === undefined ? [] : [[directory, Buffer.from(hash, 'base64').toString('hex')] as const];
    }),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
