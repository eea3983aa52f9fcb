import { lab } from './lab.js';

// Left out: the name vm2, which needs a resolver.
lab(
  'B-11',
  'containers on different bridges are apart, but every gateway answers',
  {},
  ({ the, at }) => {
    the('vm1').doesNotReach('192.168.0.2');
    the('vm3').doesNotReach('192.168.0.2');
    the('vm2').doesNotReach('172.17.0.2');
    at('vm2').didNotSee('echo request');
    at('vm3').didNotSee('echo request');
    the('vm1').reaches('192.168.0.1');
  },
);
