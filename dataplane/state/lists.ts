/**
 * Lists: members 0..members-1, each of which stands in exactly one of several lists, in the order in which it came there.
 *
 * Rings of numbers: every list is a ring through a head of its own, behind the members, so that no end is a special case. To move a member
 * costs the same wherever it stands. At first all stand in list 0, in the order of their numbers.
 *
 * Writer: whoever owns the table that is built of them.
 */
const NOBODY = -1;

export class Lists {
  private readonly after: Int32Array;
  private readonly before: Int32Array;
  private readonly list: Uint16Array;
  private readonly counts: Uint16Array;

  /** @param members how many there are, up to 65,535; @param lists how many lists, up to 65,536 */
  constructor(
    private readonly members: number,
    lists: number,
  ) {
    this.after = new Int32Array(members + lists).map((_, ring) => ring);
    this.before = new Int32Array(members + lists).map((_, ring) => ring);
    this.list = new Uint16Array(members);
    this.counts = new Uint16Array(lists);
    for (let member = 0; member < members; member++) this.append(member, 0);
  }

  /** The list in which a member stands. */
  of(member: number): number {
    return this.list[member];
  }

  /** How many stand in a list. */
  count(list: number): number {
    return this.counts[list];
  }

  /** Who has stood longest in a list, or -1. */
  first(list: number): number {
    return this.next(this.members + list);
  }

  /** Who stands behind a member in its list, or -1. */
  next(member: number): number {
    const next = this.after[member];
    return next < this.members ? next : NOBODY;
  }

  /** Takes a member out of its list and puts it at the end of another, or of the same. */
  move(member: number, list: number): void {
    const { after, before } = this;
    after[before[member]] = after[member];
    before[after[member]] = before[member];
    this.counts[this.list[member]]--;
    this.append(member, list);
  }

  private append(member: number, list: number): void {
    const { after, before } = this;
    const head = this.members + list;
    before[member] = before[head];
    after[member] = head;
    after[before[head]] = member;
    before[head] = member;
    this.list[member] = list;
    this.counts[list]++;
  }
}
