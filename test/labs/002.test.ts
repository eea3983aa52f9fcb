import { lab } from './lab.js';

lab(
  'C-01',
  'a bridge learns like a switch: the third port sees who is looked for, and not who is found',
  {},
  ({ the, at }) => {
    the('s1').reaches('10.50.0.3');
    at('s3').saw('ARP who has 10.50.0.3? tell 10.50.0.2');
    at('s3').didNotSee('echo request');
    at('s2').saw('echo request');
  },
);
