import { writeFileSync } from 'node:fs';
import { optionsDocument } from './options-document.ts';

writeFileSync(new URL('../docs/options.md', import.meta.url), optionsDocument());
