/** What the tracking of connections says of a packet, in the words of Linux (iptables-extensions(8), conntrack --ctstate). */
export const enum ConnectionState {
  /** It begins a connection, or nobody has answered it yet. */
  New,
  /** It belongs to a connection that packets have been seen of in both directions. */
  Established,
  /** It is about a connection, such as an ICMP error. */
  Related,
  /** New, and to a mapped source: in the profile rfc4787 it is let in as to a published port (no word of Linux). */
  Expected,
  /** It fits no connection, and can begin none. */
  Invalid,
  /** Nobody tracks such packets. */
  Untracked,
}
