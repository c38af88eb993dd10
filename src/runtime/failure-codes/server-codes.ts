import type { FailureCodeTable } from './failure-code-facts.ts';

/** Codes of the server. */
export const serverCodes = {
  listen_refused: {
    exitCode: 1,
    meaning: 'the server cannot listen at its address and port',
    remedy: 'end what uses the port, or give another `--server-port` or `--listen-address`',
  },
  server_certificate: {
    exitCode: 1,
    meaning: 'the certificate or the key that the server is to use cannot be read, or they do not belong together',
    remedy: 'check `--server-cert` and `--server-key`',
  },
  auth_token: {
    exitCode: 1,
    meaning:
      'the file with the tokens that clients of the server have to show cannot be read, or holds none that is safe',
    remedy: 'give a file with a random token, as `openssl rand -hex 32` prints, as `--auth-token-file`',
  },
} as const satisfies FailureCodeTable;
