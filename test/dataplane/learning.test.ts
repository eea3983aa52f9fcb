import { bridge } from './lab.js';
import { scenario } from './scenario.js';

const three = bridge('c1 c2 c3');

scenario('B-4: a station that has been heard is found behind its port, by the very next frame', {
  lab: three,
  story: `
    c1: A>B => c2 c3
    c2: B>A => c1
    c1: A>B => c2`,
});

scenario('B-4: a station that moves is found at its new port by the very next frame', {
  lab: three,
  story: `
    c1: A>* => c2 c3
    c3: A>* => c1 c2
    c2: B>A => c3
    c1: A>* => c2 c3
    c2: B>A => c1`,
});

scenario('B-4: an unknown station is looked for everywhere but where the frame came from', {
  lab: three,
  story: `
    c1: A>Z => c2 c3
    c3: C>Z => c1 c2`,
});

scenario('B-7: a group is no station: its address as source ends the frame and teaches nothing', {
  lab: three,
  story: `
    c1: 03:00:00:00:00:01>B => dropped: source-address-invalid
    c1: ff:ff:ff:ff:ff:ff>B => dropped: source-address-invalid
    c1: 00:00:00:00:00:00>B => dropped: source-address-invalid
    c2: B>00:00:00:00:00:00 => c1 c3`,
});

scenario('B-7: a frame to a reserved address ends here, and yet teaches where its source lives', {
  lab: three,
  story: `
    c1: A>01:80:c2:00:00:0e => dropped: reserved-address
    c2: B>A => c1`,
});

scenario('B-8: a station is known for 300 s less a nanosecond after it was heard, by default', {
  lab: three,
  story: `
    at 0s c1: A>* => c2 c3
    at 299.999999999s c2: B>A => c1`,
});

scenario('B-8: 300 s after it was last heard a station is forgotten, by default', {
  lab: three,
  story: `
    at 0s c1: A>* => c2 c3
    at 300s c2: B>A => c1 c3`,
});

scenario('B-8: whatever a station sends renews its age, and what is sent to it does not', {
  lab: three,
  story: `
    at 0s c1: A>* => c2 c3
    at 200s c1: A>01:80:c2:00:00:0e => dropped: reserved-address
    at 499.999999999s c2: B>A => c1
    at 500s c2: B>A => c1 c3`,
});

scenario('B-8: a station that was forgotten is learned anew, wherever it is', {
  lab: three,
  story: `
    at 0s c1: A>* => c2 c3
    at 301s c3: A>* => c1 c2
    at 302s c2: B>A => c3`,
});

scenario('B-8: the ageing time is that of x-bridge', {
  lab: bridge('c1 c2 c3', { bridge: 'ageing: 10s' }),
  story: `
    at 0s c1: A>* => c2 c3
    at 9.999999999s c2: B>A => c1
    at 10s c2: B>A => c1 c3`,
});

scenario('B-8: a bridge that forgets at once is a hub', {
  lab: bridge('c1 c2 c3', { bridge: 'ageing: 0s' }),
  story: `
    c1: A>* => c2 c3
    c2: B>A => c1 c3
    c1: A>A => c2 c3`,
});

const nailed = (sticky: boolean): string =>
  `stations: [{ mac: "02:00:00:00:00:41", port: c1, sticky: ${sticky} }]`;

scenario('B-4: a static station is known before it was ever heard, and does not age', {
  lab: bridge('c1 c2 c3', { bridge: nailed(false) }),
  story: `
    c2: B>A => c1
    at 1000000s c2: B>A => c1`,
});

scenario('B-4: a static station moves when it is heard elsewhere, and does not age there either', {
  lab: bridge('c1 c2 c3', { bridge: nailed(false) }),
  story: `
    at 1s c3: A>* => c1 c2
    at 2s c2: B>A => c3
    at 1000000s c2: B>A => c3`,
});

scenario('B-4: a sticky station refuses to move, and its frames pass all the same', {
  lab: bridge('c1 c2 c3', { bridge: nailed(true) }),
  story: `
    c3: A>* => c1 c2
    c2: B>A => c1
    c3: A>B => c2`,
});

scenario('a full table gives up a station of the port that has most', {
  lab: bridge('c1 c2 c3', { bridge: 'fdb_max_learned: 3' }),
  story: `
    at 0s c1: A>* => c2 c3
    at 1s c2: B>* => c1 c3
    at 2s c2: C>* => c1 c3
    at 3s c2: D>* => c1 c3
    at 4s c3: E>A => c1
    at 5s c1: A>C => c2 c3
    at 6s c1: A>D => c2`,
});

scenario('a table larger than the cache of a core is looked into ahead, which changes nothing', {
  lab: bridge('c1 c2 c3', { bridge: 'fdb_max_learned: 100000' }),
  story: `
    c1: A>B => c2 c3
    c1: A>B size=0 => dropped: runt
    c2: B>A => c1
    c1: A>B size=60 kept=13 => dropped: snapped-header
    c3: A>* => c1 c2
    c2: B>A => c3`,
});
