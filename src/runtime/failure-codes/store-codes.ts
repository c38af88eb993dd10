import { checkStorePlace, type FailureCodeTable } from './failure-code-facts.ts';

/** Codes of the store of backups and of its credentials. */
export const storeCodes = {
  store_not_found: { exitCode: 1, meaning: 'the store has no such object', remedy: 'see `etcdbrctl list`' },
  store_immutable: {
    exitCode: 1,
    meaning: 'the store keeps the object unchanged until a fixed time',
    remedy: 'wait for that time',
  },
  store_denied: {
    exitCode: 1,
    meaning: 'the store refuses the credentials, or they lack a right',
    remedy: '`etcdbrctl check-store` shows which right is missing',
  },
  store_transient: {
    exitCode: 1,
    meaning: 'the store does not answer, or not in time',
    remedy: 'try again; check endpoint and network',
  },
  store_quota: { exitCode: 1, meaning: 'the store is full', remedy: 'make room, or raise the quota' },
  store_gone: {
    exitCode: 1,
    meaning: 'the container, or the whole account, does not exist',
    remedy: 'create the container, or correct `--store-container` and the endpoint',
  },
  store_invalid: {
    exitCode: 1,
    meaning: 'the store does not accept the request or gives an answer that cannot be right',
    remedy: checkStorePlace,
  },
  store_outage: {
    exitCode: 1,
    meaning: 'the store has failed for longer than `--max-store-outage`',
    remedy: 'mend the store, or give it more time',
  },
  store_check_failed: {
    exitCode: 1,
    meaning: '`check-store` could not do everything that backups need',
    remedy: 'see the reason of each step',
  },
  endpoint_invalid: {
    exitCode: 1,
    meaning: 'the address of a store is not a URL that can be used',
    remedy: 'write it as https://HOST[:PORT]',
  },
  container_missing: { exitCode: 1, meaning: 'no container is given', remedy: 'give a `--store-container`' },
  credentials_absent: {
    exitCode: 1,
    meaning: 'no credentials are configured for the store',
    remedy: 'set the variables that are named',
  },
  credentials_unreadable: {
    exitCode: 1,
    meaning: 'a file with credentials cannot be read',
    remedy: 'check its path, owner and mode',
  },
  credentials_malformed: {
    exitCode: 1,
    meaning: 'a file with credentials is not the JSON that was expected',
    remedy: 'write it anew',
  },
  credentials_incomplete: { exitCode: 1, meaning: 'fields of the credentials are missing', remedy: 'add them' },
  credentials_invalid: {
    exitCode: 1,
    meaning: 'a field of the credentials cannot be right, or two exclude each other',
    remedy: 'correct the field that is named',
  },
} as const satisfies FailureCodeTable;
