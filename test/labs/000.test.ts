import { lab } from './lab.js';

// Left out: the host's own ping, because the stack of an emulated host answers and does not ask.
lab(
  'A-03',
  'a container that names no network joins docker0 and reaches the host',
  {},
  ({ the }) => {
    the('c1').has('172.17.0.2/16', '02:42:ac:11:00:02');
    the('c1').routes('default via 172.17.0.1');
    the('c1').reaches('172.17.0.1', { ttl: 64 });
    the('c1').findsNobodyAt('172.17.0.9');
  },
);
