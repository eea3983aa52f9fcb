/** Captures of every kind, and what becomes of their times and lengths. */
import * as capture from '../build/capture.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { everybody, ofLength, station, tagged, word } from '../build/ethernet.js';
import { arpReply, arpRequest, echo } from '../build/ipv4.js';
import { at, lan } from './case.js';
import type { Case, Step } from './case.js';

const c1 = station(2);
const c2 = station(3);
const three = ['c1', 'c2', 'c3'];

/** A ping and its answer with times that use all the digits of a capture. */
function conversation(unit_s: number): Step[] {
  return [
    at(unit_s, 'c1', arpRequest(c1, c2), ['c2', 'c3']),
    at(123_456 * unit_s, 'c2', arpReply(c2, c1), ['c1']),
    at(123_457 * unit_s, 'c1', echo(c1, c2, 1), ['c2']),
    at(123_458 * unit_s, 'c2', echo(c2, c1, 1, IcmpType.EchoReply), ['c1']),
    at(999_999 * unit_s, 'c1', ofLength(c1, c2, 61), ['c2']),
    at(1 + 999_998 * unit_s, 'c2', ofLength(c2, c1, 63), ['c1']),
  ];
}

function readingCase(
  claim: string,
  see: string,
  unit_s: number,
  formats: Record<string, capture.Format>,
): Case {
  return { claim, see, lab: lan(three), steps: conversation(unit_s), formats };
}

const PCAP = 'draft-ietf-opsawg-pcap';
const PCAPNG = 'draft-ietf-opsawg-pcapng';

const formatCases: readonly Case[] = [
  readingCase('microseconds-of-a-pcap-become-nanoseconds', PCAP, 1e-6, {
    c1: capture.microsecondPcap,
    c2: capture.microsecondPcap,
  }),
  readingCase('nanoseconds-of-a-pcap-are-kept', PCAP, 1e-9, {
    c1: capture.nanosecondPcap,
    c2: capture.nanosecondPcap,
  }),
  readingCase('the-byte-order-of-a-pcap-does-not-matter', PCAP, 1e-6, {
    c1: capture.bigEndianPcap,
    c2: capture.bigEndianNanosecondPcap,
  }),
  readingCase('microseconds-of-a-pcapng-become-nanoseconds', `${PCAPNG}, if_tsresol`, 1e-6, {
    c1: capture.microsecondPcapng,
    c2: capture.microsecondPcapng,
  }),
  readingCase('nanoseconds-of-a-pcapng-are-kept', `${PCAPNG}, if_tsresol`, 1e-9, {
    c1: capture.nanosecondPcapng,
    c2: capture.nanosecondPcapng,
  }),
  readingCase('the-byte-order-of-a-pcapng-does-not-matter', PCAPNG, 1e-6, {
    c1: capture.bigEndianPcapng,
    c2: capture.microsecondPcapng,
  }),
  readingCase('a-compressed-capture-reads-like-a-plain-one', 'RFC 1952', 1e-9, {
    c1: capture.gzipPcap,
    c2: capture.gzipPcapng,
  }),
];

const everyone = ['c1', 'c2', 'c3', 'c4'];
const others = (port: string): string[] => everyone.filter((other) => other !== port);

function calls(seconds: number, from: string, last: number, what: string): Step {
  return at(seconds, from, word(station(last), everybody, what), others(from));
}

const orderCases: readonly Case[] = [
  {
    // The containers stand in another order than the inputs, which are named c1, c2, c3.
    claim: 'inputs-are-merged-by-time-and-ties-go-to-the-one-named-first',
    see: 'the order of frames in dataplane/port/replay.ts',
    lab: lan(['c3', 'c4', 'c2', 'c1']),
    steps: [
      calls(0, 'c1', 2, 'first'),
      calls(0, 'c1', 2, 'second of the same moment'),
      calls(0, 'c2', 3, 'third'),
      calls(0, 'c3', 4, 'fourth'),
      calls(0.000_000_001, 'c3', 4, 'a nanosecond later'),
      calls(0.000_000_002, 'c2', 3, 'two'),
      calls(0.000_000_003, 'c1', 2, 'three'),
      calls(0.000_000_003, 'c3', 4, 'three as well'),
      calls(5, 'c2', 3, 'the last of c2'),
      calls(5, 'c3', 4, 'the last of all'),
    ],
  },
  {
    claim: 'a-capture-whose-times-run-backwards-keeps-its-order-and-its-times',
    see: 'the order of frames in dataplane/port/replay.ts',
    lab: lan(everyone),
    steps: [
      calls(0.7, 'c2', 3, 'c2 comes first, since c1 begins later'),
      calls(1, 'c1', 2, 'the clock of c1 was set back after this'),
      calls(0.5, 'c1', 2, 'so this looks earlier'),
      calls(2, 'c1', 2, 'and this is in order again'),
      calls(3, 'c2', 3, 'the last of c2'),
      at(303, 'c1', word(c1, c2, 'c2 is forgotten'), others('c1')),
      at(302, 'c1', word(c1, c2, 'and stays so, whatever the clock says'), others('c1')),
    ],
  },
  {
    claim: 'a-cut-capture-gives-the-frames-before-the-cut-and-hinders-no-other',
    see: 'dataplane/port/file/reader.ts: everything before a damage is delivered',
    lab: lan(everyone),
    steps: [
      calls(0, 'c1', 2, 'whole'),
      calls(1, 'c2', 3, 'before the cut of c1'),
      at(2, 'c1', word(c1, everybody, 'this one is cut'), []),
      calls(3, 'c2', 3, 'after it'),
    ],
    formats: { c1: capture.cutPcap },
  },
  {
    claim: 'a-snapped-frame-stays-snapped',
    see: 'pcap-savefile(5)',
    lab: lan(three),
    steps: [
      at(0, 'c1', ofLength(c1, everybody, 64), ['c2', 'c3'], 1514),
      at(1, 'c1', ofLength(c1, everybody, 14), ['c2', 'c3'], 60),
      at(2, 'c1', ofLength(c1, everybody, 64), [], 1515),
      at(3, 'c1', ofLength(c1, everybody, 64).slice(0, 13), [], 64),
      at(4, 'c1', tagged(10, ofLength(c1, everybody, 64)).slice(0, 17), [], 68),
      at(5, 'c1', tagged(10, ofLength(c1, everybody, 64)).slice(0, 18), ['c2', 'c3'], 1518),
      at(6, 'c2', ofLength(c2, c1, 100), ['c1'], 1000),
    ],
  },
];

export const readingCases: readonly Case[] = [...formatCases, ...orderCases];
