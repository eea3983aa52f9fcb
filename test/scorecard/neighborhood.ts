/** RFC 826, 1122, 5227, 4861 and 4862. */
import type { Chapter, Requirement } from './requirements.js';

const arp: readonly Requirement[] = [
  {
    id: 'A-1',
    says: 'In the order of RFC 826: what is known is updated before it is asked who is meant.',
  },
  { id: 'A-2', says: 'A probe tells nothing about who sends it.' },
  { id: 'A-3', says: 'What nobody asked for updates an entry, and makes none.' },
  {
    id: 'A-4',
    says: 'The newest packets wait, in order; after 3 tries their sources hear that the host is unreachable.',
  },
  { id: 'A-5', says: 'No address is asked for more than once a second.' },
  {
    id: 'A-6',
    says: 'Addresses of other interfaces are answered as `arp_ignore` says.',
  },
  { id: 'A-7', says: 'Wrong lengths are dropped.' },
];

const discovery: readonly Requirement[] = [
  {
    id: 'D-1',
    says: 'Hop limit 255, checksum, code 0, lengths; a target that is no group; who is unspecified, and who asks many.',
  },
  {
    id: 'D-2',
    says: 'Advertised with the bits R, S and O; to all nodes, without S, who asks unnamed.',
  },
  {
    id: 'D-3',
    says: 'O says whether a known address is replaced, S who is reachable; who is looked for has to name one.',
  },
  {
    id: 'D-4',
    says: 'INCOMPLETE, REACHABLE for 30 s, STALE, DELAY for 5 s, PROBE three times a second apart; of ARP as well.',
  },
  {
    id: 'D-5',
    says: 'Duplicates are found; ipvlan looks a probe up by its target.',
    reason:
      'deviates: the host defends its addresses, but does not look for duplicates: Linux does when an interface comes up, before the first frame',
  },
  {
    id: 'D-6',
    says: 'Advertisements of routers, solicitations and redirects pass bridges; a redirect counts only from the first hop.',
  },
];

export const neighborhood: readonly Chapter[] = [
  { title: 'RFC 826, 1122, 5227: ARP', hasProfiles: false, requirements: arp },
  {
    title: 'RFC 4861, 4862: neighbor discovery',
    hasProfiles: false,
    requirements: discovery,
  },
];
