import { ListObjectsV2Command, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../bucket.ts';
import { ListingCheck, type PageFacts } from '../../http/listing-check.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { StoreError } from '../../store-error.ts';
import { refusalOf, taskOf, versioningLately } from './bucket-rules.ts';
import type { S3Place } from './s3-place.ts';

/** One page: the folders on it, and where the next begins. */
interface FolderPage {
  readonly folders: readonly string[];
  readonly facts: PageFacts;
  readonly more: boolean;
  readonly token: string | undefined;
}

/** Asks for the page that begins at a token. */
type PageOf = (token: string | undefined, abortSignal: AbortSignal) => Promise<FolderPage>;

/** The folders directly in `folder`; of a bucket that keeps versions also those of which all was deleted, as its listings show it. */
export async function* s3Folders(
  place: S3Place,
  folder: string,
  { signal }: CallOptions,
): AsyncGenerator<string, void, undefined> {
  const versioning = await versioningLately(place, signal);
  if (versioning === 'on' || versioning === 'hidden') {
    let isShown = versioning === 'on';
    try {
      for await (const each of pagesOf(place, versionPage(place, folder), { folder, signal })) {
        isShown = true;
        yield each;
      }
      return;
    } catch (error) {
      // An account that may not see versions sees the objects.
      if (isShown) {
        throw error;
      }
      refusalOf(error);
    }
  }
  yield* pagesOf(place, objectPage(place, folder), { folder, signal });
}

async function* pagesOf(
  { requests, bucket, location }: S3Place,
  pageOf: PageOf,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const tokens = new PageTokens({ action: 'list the folders in', object: location });
  const asked = new ListingCheck({ bucket, prefix: folder }, location);
  let token: string | undefined;
  do {
    const at = token;
    const page = await requests.run(taskOf('list the folders in', location, signal), (abortSignal) =>
      pageOf(at, abortSignal),
    );
    asked.page(page.facts);
    yield* page.folders.filter((each) => each.startsWith(folder) && each.length > folder.length);
    token = tokens.next(page);
  } while (token !== undefined);
}

function objectPage({ client, bucket, location }: S3Place, folder: string): PageOf {
  return async (token, abortSignal) => {
    const input = { Bucket: bucket, Prefix: folder, Delimiter: '/', ContinuationToken: token };
    const page = await client.send(new ListObjectsV2Command(input), { abortSignal });
    const folders = (page.CommonPrefixes ?? []).map(({ Prefix: name }) => named(name, location));
    const { NextContinuationToken: next, IsTruncated: more = next !== undefined } = page;
    return { folders, facts: factsOf(page, [...folders, ...keysOf(page.Contents)]), more, token: next };
  };
}

function versionPage({ client, bucket, location }: S3Place, folder: string): PageOf {
  return async (token, abortSignal) => {
    const [key, version] = token === undefined ? [] : (JSON.parse(token) as [string, string | null]);
    const markers = { KeyMarker: key, VersionIdMarker: version ?? undefined };
    const input = { Bucket: bucket, Prefix: folder, Delimiter: '/', ...markers };
    const page = await client.send(new ListObjectVersionsCommand(input), { abortSignal });
    const folders = (page.CommonPrefixes ?? []).map(({ Prefix: name }) => named(name, location));
    const { NextKeyMarker: next, NextVersionIdMarker: nextVersion = null } = page;
    const following = next === undefined ? undefined : JSON.stringify([next, nextVersion]);
    const { IsTruncated: more = following !== undefined } = page;
    const keys = [...keysOf(page.Versions), ...keysOf(page.DeleteMarkers)];
    return { folders, facts: factsOf(page, [...folders, ...keys]), more, token: following };
  };
}

function factsOf(
  page: {
    readonly Name?: string | undefined;
    readonly Prefix?: string | undefined;
    readonly IsTruncated?: boolean | undefined;
  },
  keys: PageFacts['keys'],
): PageFacts {
  return { bucket: page.Name, prefix: page.Prefix, isTruncated: page.IsTruncated, keys };
}

function keysOf(listed: readonly { readonly Key?: string | undefined }[] = []): PageFacts['keys'] {
  return listed.map(({ Key: key }) => key);
}

function named(name: string | undefined, location: string): string {
  if (name === undefined) {
    throw new StoreError('invalid', { action: 'list', object: location, found: 'a folder is listed without its name' });
  }
  return name;
}
