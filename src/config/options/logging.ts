import { optionGroup } from '../option.ts';
import { outputOption } from './output.ts';

/** What is written to stderr; every command has these options. */
export const loggingOptions = optionGroup({
  title: 'Logging',
  shared: true,
  options: {
    level: {
      flag: 'log-level',
      type: 'uint32',
      default: 4,
      max: 6,
      names: { error: 2, warn: 3, info: 4, debug: 5 },
      placeholder: 'level',
      help: 'How much is logged: error, warn, info or debug, or a number from 0 to 6 (4 is info).',
    },
    format: {
      flag: 'log-format',
      rare: true,
      type: 'string',
      default: 'auto',
      choices: ['auto', 'text', 'json'],
      placeholder: 'name',
      help: 'How log lines look: text, json, or auto, which is text on a terminal and json elsewhere.',
    },
  },
});

/** How a command that reports prints to stdout. */
export const reportOptions = optionGroup({
  title: 'Result',
  shared: true,
  options: { format: { ...outputOption, choices: ['text', 'json', 'yaml'] } },
});

/** How the result of a command is printed to stdout. */
export const outputOptions = optionGroup({
  title: 'Result',
  shared: true,
  options: { format: { ...outputOption, choices: ['text', 'json'] } },
});
