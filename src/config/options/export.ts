import { optionGroup } from '../option.ts';

/** Where an export is written. */
export const exportOptions = optionGroup({
  title: 'Export',
  options: {
    to: {
      flag: 'to',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'Write a file that only its owner may read, instead of stdout. It must not exist yet.',
    },
    toDir: {
      flag: 'to-dir',
      type: 'string',
      default: undefined,
      placeholder: 'dir',
      help: 'Write a directory with a file for each value, instead of stdout; apply takes it, too. It must not exist yet, or be empty.',
    },
  },
  check(values) {
    return values.to !== undefined && values.toDir !== undefined
      ? { option: 'toDir', found: '--to is given as well', remedy: 'give one of them' }
      : undefined;
  },
});
