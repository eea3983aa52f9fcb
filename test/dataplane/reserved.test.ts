import { bridge } from './lab.js';
import { scenario } from './scenario.js';

const ADDRESSES = Array.from({ length: 16 }, (_, n) => n);

for (const n of ADDRESSES) {
  const address = `01:80:c2:00:00:0${n.toString(16)}`;
  const bit = 1 << n;

  scenario(`B-9: ${address} passes when bit ${n} of group_fwd_mask is set, even alone`, {
    lab: bridge('c1 c2 c3', { bridge: `group_fwd_mask: ${bit}` }),
    story: `c1: A>${address} => c2 c3`,
  });

  scenario(`B-9: ${address} stays on its link when bit ${n} of group_fwd_mask is not set`, {
    lab: bridge('c1 c2 c3', { bridge: `group_fwd_mask: ${0xffff - bit}` }),
    story: `c1: A>${address} => dropped: reserved-address`,
  });
}

scenario('B-9: by default ..00 passes, as in Linux without spanning tree, and no other', {
  lab: bridge('c1 c2'),
  story: ADDRESSES.map((n) => {
    const outcome = n === 0 ? 'c2' : 'dropped: reserved-address';
    return `c1: A>01:80:c2:00:00:0${n.toString(16)} => ${outcome}`;
  }).join('\n'),
});

scenario('B-9: the neighbours of the sixteen are groups like any other', {
  lab: bridge('c1 c2'),
  story: `
    c1: A>01:80:c2:00:00:10 => c2
    c1: A>01:80:c1:ff:ff:ff => c2
    c1: A>01:81:c2:00:00:01 => c2`,
});

scenario('PAUSE: the source of a frame to ..01 is not learned, whether it passes or not', {
  lab: bridge('c1 c2 c3', { bridge: 'group_fwd_mask: 2' }),
  story: `
    c1: A>01:80:c2:00:00:01 => c2 c3
    c2: B>A => c1 c3`,
});

scenario('PAUSE: a MAC control frame is never forwarded nor learned from, wherever it goes', {
  lab: bridge('c1 c2 c3', { bridge: 'group_fwd_mask: 0xffff' }),
  story: `
    c2: B>* => c1 c3
    c1: A>01:80:c2:00:00:01 type=pause => dropped: pause-frame
    c1: A>B type=pause => dropped: pause-frame
    c1: A>* type=pause tags=8100 => dropped: pause-frame
    c2: B>A => c1 c3`,
});
