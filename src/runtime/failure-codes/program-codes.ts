import type { FailureCodeTable } from './failure-code-facts.ts';

/** Codes of the program itself and of its command line. */
export const programCodes = {
  usage: {
    exitCode: 2,
    meaning: 'the command line, the environment or the configuration file cannot be used as it is',
    remedy: 'correct the option that is named; nothing was done',
  },
  interrupted: {
    exitCode: '129, 130 or 143',
    meaning: 'SIGHUP (129), SIGINT (130) or SIGTERM (143) ended the program',
    remedy: 'run it again',
  },
  left_undone: {
    exitCode: '129, 130 or 143',
    meaning: 'a signal ended the program, and something that it still had to do is not done; the message says what',
    remedy: 'run it again',
  },
  result_unwritten: {
    exitCode: 1,
    meaning: 'the result could not be written to stdout, or not all of it',
    remedy: 'send stdout elsewhere; what the command did before stays done',
  },
  licenses_absent: {
    exitCode: 1,
    meaning: 'the licences were asked for where the program runs from source',
    remedy: 'ask the built executable',
  },
  unexpected: {
    exitCode: 1,
    meaning: 'a fault in the program',
    remedy: 'run again with `--log-level debug` to see where, and report it',
  },
  system_error: {
    exitCode: 1,
    meaning: 'the operating system refused something; the message has its code, such as ENOSPC',
    remedy: 'do what the message says',
  },
} as const satisfies FailureCodeTable;
