/**
 * How many ICMP errors a host sends: not too many in all, and not too many to one destination (RFC 1812 §4.3.2.8; RFC 4443 §2.4 (f); Linux
 * net/ipv4/icmp.c icmp_global_allow, net/ipv4/inetpeer.c inet_peer_xrlim_allow).
 *
 * A destination saves up time: one error costs a period, and no more than BURST_FACTOR periods are saved. Whoever has not been written to for long
 * gets six errors at once and then one a period. The host as a whole has a credit of CREDIT_MAX errors, which 1,000 a second refill, not
 * oftener than every REFILL_NS.
 *
 * Complication 1: order. The host's credit is looked at first, so that a flood does not wear out the table; it is paid last, so that what one
 *   destination is refused costs the others nothing.
 * Complication 2: the table is bounded. Buckets of WAYS entries, nothing is moved or removed: a new destination takes the place of that of its
 *   bucket which was written to longest ago. That is fair, for it has saved up most: after six periods it loses nothing at all.
 * Complication 3: time is an argument, in nanoseconds; where it seems to run backwards it stands still. Linux pays one to three of the credit at
 *   random; here it is always one, since the same frames must give the same errors.
 *
 * Complication 4: redirects have a limit of their own for each source, which shares its time with the other one, as in Linux.
 *
 * Writer: the Worker that owns the host. One table per host. Never: asked for an error that is not to be limited.
 */

/** Nanoseconds between errors to one destination (Linux icmp_ratelimit, 1,000 ms). */
export const PERIOD_NS = 1e9;
/** Periods that a destination saves up at the most (Linux XRLIM_BURST_FACTOR). */
const BURST_FACTOR = 6;
/** Errors that the host may send at once (Linux icmp_msgs_burst), ... */
const CREDIT_MAX = 50;
/** ... and nanoseconds that bring one more (icmp_msgs_per_sec, 1,000), but not in smaller portions than of so many. */
const CREDIT_NS = 1e6;
const REFILL_NS = 20e6;
/** Redirects that a source may leave unheeded (Linux ip_rt_redirect_number), ... */
const REDIRECTS_MAX = 9;
/** ... the pause before the next one, doubled for each before it (ip_rt_redirect_load, 20 ms), and how long it has to be silent then (ip_rt_redirect_silence). */
const REDIRECT_LOAD_NS = 20e6;
const REDIRECT_SILENCE_NS = REDIRECT_LOAD_NS * 2 ** (REDIRECTS_MAX + 1);
const BUCKETS = 64;
const WAYS = 8;
const ENTRIES = BUCKETS * WAYS;
const NOBODY = -1;

export class RateLimits {
  /** The destination: four words per entry, IPv4 in the last behind three of 0. */
  private readonly words = new Int32Array(ENTRIES * 4);
  /** Nanoseconds saved up when it was asked for last, and when that was; -Infinity: the entry is free. */
  private readonly saved_ns = new Float64Array(ENTRIES);
  private readonly askedAt = new Float64Array(ENTRIES).fill(-Infinity);
  /** How often it was told a better way without heeding it. */
  private readonly redirected = new Uint8Array(ENTRIES);
  private credit = 0;
  private refilledAt = -Infinity;

  /** May an error go to this address at this tick? If so it counts. `period_ns`: what one costs that destination. */
  allows(a: number, b: number, c: number, d: number, period_ns: number, tick: number): boolean {
    this.refill(tick);
    if (this.credit === 0 || !this.spend(this.entryOf(a, b, c, d), period_ns, tick)) return false;
    this.credit--;
    return true;
  }

  /** May this destination be told something that is not counted for the host as a whole? If so it counts (Linux inet_peer_xrlim_allow). */
  spares(a: number, b: number, c: number, d: number, period_ns: number, tick: number): boolean {
    return this.spend(this.entryOf(a, b, c, d), period_ns, tick);
  }

  /**
   * May this source be told a better way? If so it counts: nine times, each time after a pause twice as long as before, and then only when it has
   * been silent for 20 seconds (Linux ip_rt_send_redirect).
   */
  redirects(a: number, b: number, c: number, d: number, tick: number): boolean {
    const entry = this.entryOf(a, b, c, d);
    const passed = tick - this.askedAt[entry];
    if (passed > REDIRECT_SILENCE_NS) {
      this.saved_ns[entry] = 0;
      this.redirected[entry] = 0;
    }
    const times = this.redirected[entry];
    const isIgnored = times >= REDIRECTS_MAX;
    if (!isIgnored && times > 0 && passed <= REDIRECT_LOAD_NS * 2 ** times) return false;
    this.askedAt[entry] = Math.max(tick, this.askedAt[entry]);
    if (!isIgnored) this.redirected[entry]++;
    return !isIgnored;
  }

  private refill(tick: number): void {
    const passed = tick - this.refilledAt;
    if (passed < REFILL_NS) return;
    this.credit = Math.min(CREDIT_MAX, this.credit + Math.floor(passed / CREDIT_NS));
    this.refilledAt = tick;
  }

  private spend(entry: number, period_ns: number, tick: number): boolean {
    const passed = Math.max(0, tick - this.askedAt[entry]);
    const saved = Math.min(this.saved_ns[entry] + passed, BURST_FACTOR * period_ns);
    const isEnough = saved >= period_ns;
    this.saved_ns[entry] = isEnough ? saved - period_ns : saved;
    this.askedAt[entry] = Math.max(tick, this.askedAt[entry]);
    return isEnough;
  }

  /** The entry of a destination; a new one takes over that of its bucket which was asked for longest ago. */
  private entryOf(a: number, b: number, c: number, d: number): number {
    const first = bucketOf(a, b, c, d);
    let oldest = NOBODY;
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.isAbout(entry, a, b, c, d)) return entry;
      if (oldest < 0 || this.askedAt[entry] < this.askedAt[oldest]) oldest = entry;
    }
    const at = oldest * 4;
    this.words[at] = a;
    this.words[at + 1] = b;
    this.words[at + 2] = c;
    this.words[at + 3] = d;
    this.saved_ns[oldest] = 0;
    this.redirected[oldest] = 0;
    this.askedAt[oldest] = -Infinity;
    return oldest;
  }

  private isAbout(entry: number, a: number, b: number, c: number, d: number): boolean {
    const { words } = this;
    const at = entry * 4;
    return (
      words[at + 3] === (d | 0) &&
      words[at + 2] === (c | 0) &&
      words[at + 1] === (b | 0) &&
      words[at] === (a | 0) &&
      this.askedAt[entry] > -Infinity
    );
  }
}

/** Fibonacci hashing, as in the Fdb. */
function bucketOf(a: number, b: number, c: number, d: number): number {
  const mixed = d ^ Math.imul(c, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(a, 0x27d4eb2f);
  return (Math.imul(mixed, 0x9e3779b9) >>> 26) * WAYS;
}
