import { optionGroup } from '../option.ts';

/** Where `status` works. */
export const statusOptions = optionGroup({
  title: 'Status',
  options: {
    tempDir: {
      flag: 'temp-dir',
      type: 'string',
      default: '/tmp',
      rule: 'not empty',
      placeholder: 'dir',
      help: 'Directory in which a compressed snapshot is expanded; needs room for the whole database.',
    },
  },
});
