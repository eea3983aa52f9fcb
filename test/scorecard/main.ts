/** `npm run scorecard`: writes docs/nat-scorecard.md anew. */
import { writeFileSync } from 'node:fs';
import { SCORECARD, scorecard } from './scorecard.js';

writeFileSync(SCORECARD, scorecard());
