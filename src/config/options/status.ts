import { optionGroup } from '../option.ts';
import { tempDirOption } from './temp-dir.ts';

/** Where `status` works. */
export const statusOptions = optionGroup({ title: 'Status', options: { tempDir: tempDirOption } });
