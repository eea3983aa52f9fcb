/** RFC 791, 792, 1812, 8200 and 4443, and the checksums of RFC 768, 1071 and 1624. */
import type { Chapter, Requirement } from './requirements.js';

const checksums: readonly Requirement[] = [
  { id: 'C-1', says: 'Updated by equation 3 of RFC 1624, never to a 0 that is none.' },
  { id: 'C-2', says: 'Updating equals computing anew, whatever field changes.' },
  { id: 'C-3', says: 'Also where the checksum is 0000 or ffff, or nothing changes.' },
  { id: 'C-4', says: 'UDP: 0 is no checksum; a computed 0 is sent as ffff.' },
  { id: 'C-5', says: 'UDP over IPv6: no checksum is wrong but in tunnels.' },
  { id: 'C-6', says: 'A later fragment has no checksum of the transport to touch.' },
  { id: 'C-7', says: 'A wrong checksum stays exactly as wrong.' },
  {
    id: 'C-8',
    says: 'One that was left to a network card is told from a wrong one, and completed.',
  },
];

const forwarding: readonly Requirement[] = [
  {
    id: 'R-1',
    says: 'Version, lengths and checksum of the header are right; padding is none of the packet.',
  },
  {
    id: 'R-2',
    says: 'One is taken from the hop limit; at 1 it is exceeded, but not for the host itself.',
  },
  { id: 'R-3', says: 'What came in a frame for many is not forwarded.' },
  { id: 'R-4', says: 'Broadcasts are not forwarded, directed ones not by default.' },
  { id: 'R-5', says: 'Impossible sources and destinations are dropped.' },
  {
    id: 'R-6',
    says: 'Sources are checked against the routes: not, strictly, or loosely.',
  },
  {
    id: 'R-7',
    says: 'Cut at units of 8 bytes, options by their copy bit; else the sender hears the MTU.',
  },
  { id: 'R-8', says: 'An error quotes as much as fits in 576 bytes, of IPv6 in 1,280.' },
  { id: 'R-9', says: 'It comes from the interface by which it leaves.' },
  { id: 'R-10', says: 'It has precedence 6.' },
  {
    id: 'R-11',
    says: 'None about errors, groups, later fragments, or to who is not one host.',
  },
  {
    id: 'R-12',
    says: 'Errors are limited, for each destination and in all; what is kept back is counted.',
  },
  {
    id: 'R-13',
    says: 'Each with its code; redirects; reassembly exceeds its time if the first fragment came.',
  },
  {
    id: 'R-14',
    says: 'The longest prefix, then type of service and metric; blackhole, unreachable, prohibit.',
    reason:
      'deviates: routes have no type of service, whose octet has been the DSCP since RFC 2474',
  },
  {
    id: 'R-15',
    says: 'Fragments in any order, again, overlapping, atomic; for at most 60 s, in bounded memory.',
  },
  {
    id: 'R-16',
    says: 'IPv6 is never cut; extension headers in order; what is unknown is a parameter problem.',
  },
  {
    id: 'R-17',
    says: 'Options: no source routes; record route and timestamp are filled in; others are kept.',
  },
  {
    id: 'R-18',
    says: 'Bridges, macvlan and ipvlan L3 take nothing from the hop limit; a router does.',
  },
];

export const routing: readonly Chapter[] = [
  { title: 'RFC 768, 1071, 1624: checksums', hasProfiles: false, requirements: checksums },
  {
    title: 'RFC 791, 792, 1812, 4443, 8200: forwarding',
    hasProfiles: false,
    requirements: forwarding,
  },
];
