/** `npm run readme`: prints the outputs in the README anew. */
import { writeFileSync } from 'node:fs';
import { printed, README } from './printed.js';

writeFileSync(README, printed(README));
