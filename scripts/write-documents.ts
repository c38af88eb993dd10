import { readFileSync, writeFileSync } from 'node:fs';
import { capacityDocument } from './capacity-document.ts';
import { comparisonDocument, withComparison } from './comparison-document.ts';
import { errorCodesDocument } from './error-codes-document.ts';
import { limitsDocument } from './limits-document.ts';
import { optionsDocument } from './options-document.ts';

// The pages that say what a table in the source says.
writeFileSync(new URL('../docs/options.md', import.meta.url), optionsDocument());
writeFileSync(new URL('../docs/error-codes.md', import.meta.url), errorCodesDocument());
writeFileSync(new URL('../docs/limits.md', import.meta.url), limitsDocument());
writeFileSync(new URL('../docs/capacity.md', import.meta.url), capacityDocument());
writeFileSync(new URL('../docs/comparison.md', import.meta.url), comparisonDocument());
const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withComparison(readFileSync(readme, 'utf8')));
