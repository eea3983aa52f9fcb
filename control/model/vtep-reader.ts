/** One entry of `x-vxlan`. */
import { readAgeing, readStationsMax } from './bridge.js';
import { VID_MAX } from './interface.js';
import type { Findings } from './mistake.js';
import type { Position, Value } from './position.js';
import { readPorts } from './range.js';
import type { Surroundings } from './routes.js';
import { isVni, TunnelEndsReader, type PlacedStation, type TunnelEnds } from './tunnel-ends.js';
import { withoutFiltering } from './uplink.js';
import { VNI_MAX, type Vni, type Vtep } from './vtep.js';
import type { VxlanShape } from './vxlan-schema.js';
import { entries, present, type Entry, type Written } from './written.js';

/** Where a VXLAN port is to stand. */
export interface VtepPlace {
  /** The key of the network. */
  readonly network: string;
  readonly host: string;
  readonly around: Surroundings;
  readonly isFiltering: boolean;
  /** Nothing that is written of the network or of its host was cut out. */
  readonly isWhole: boolean;
}

const PORT_DEFAULT = 4789;
/** RFC 7348 §5. */
const SOURCE_PORTS: readonly [number, number] = [49_152, 65_535];
const TTL_DEFAULT = 64;
const VNI_FIX = `write a number from 0 to ${VNI_MAX}`;

export function readVtep(
  { key, keyAt, written }: Entry<VxlanShape | null>,
  place: VtepPlace,
  findings: Findings,
): Vtep {
  const vxlan = present(written);
  const { network, host, around, isWhole } = place;
  const ends = new TunnelEndsReader(host, around, isWhole, findings).read(vxlan);
  const { family, local, group, dev } = ends;
  if (vxlan !== undefined) refuseMeaningless(vxlan, family, findings);
  const sourcePorts = readPorts(vxlan?.get('source_ports'), findings);
  return {
    name: key,
    port: `${network}.${key}`,
    at: keyAt,
    host,
    vnis: readVnis(vxlan, keyAt, ends, place, findings),
    family,
    ...(local && { local }),
    ...(group && dev && { dev }),
    udpPort: readNumber(vxlan?.get('port'), UDP_PORT, PORT_DEFAULT, findings),
    sourcePorts: sourcePorts
      ? { value: [sourcePorts.value.first, sourcePorts.value.last], at: sourcePorts.at }
      : { value: SOURCE_PORTS },
    ttl: readInheritable(vxlan?.get('ttl'), TTL, group ? 1 : TTL_DEFAULT, findings),
    tos: readInheritable(vxlan?.get('tos'), TOS, 0, findings),
    ecn: valueOf(vxlan?.get('ecn'), 'inherit'),
    df: valueOf(vxlan?.get('df'), 'unset'),
    checksum: valueOf(vxlan?.get('checksum'), family === 4 ? 'zero' : 'computed'),
    acceptZeroChecksum: valueOf(vxlan?.get('accept_zero_checksum'), false),
    learning: valueOf(vxlan?.get('learning'), true),
    neighbors: valueOf(vxlan?.get('neighbors'), 'flood'),
    innerTags: valueOf(vxlan?.get('inner_tags'), false),
    gbp: valueOf(vxlan?.get('gbp'), false),
    reserved: valueOf(vxlan?.get('reserved'), 'rfc'),
    ageing_s: readAgeing(vxlan?.get('ageing'), findings),
    stationsMax: readStationsMax(vxlan?.get('fdb_max_learned'), findings),
  };
}

function valueOf<T>(written: Written<T> | undefined, usual: T): Value<T> {
  return written === undefined ? { value: usual } : { value: written.value, at: written.at };
}

/** The bounds of a number, and what it is. */
interface Kind {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const UDP_PORT: Kind = { name: 'a UDP port', least: 1, most: 65_535 };
const TTL: Kind = { name: 'a TTL', least: 1, most: 255 };
const TOS: Kind = { name: 'a type of service', least: 0, most: 255 };

function readNumber(
  written: Written<number | string> | undefined,
  { name, least, most }: Kind,
  usual: number,
  findings: Findings,
  orInherit = '',
): Value<number> {
  if (written === undefined) return { value: usual };
  const { value, at } = written;
  const number = typeof value === 'number' ? value : NaN;
  if (!Number.isInteger(number) || number < least || number > most)
    findings.refuse(
      at,
      `${value} is not ${name}`,
      `write a number from ${least} to ${most}${orInherit}`,
    );
  return { value: number, at };
}

function readInheritable(
  written: Written<number | string> | undefined,
  kind: Kind,
  usual: number,
  findings: Findings,
): Value<number | 'inherit'> {
  if (written?.value === 'inherit') return { value: 'inherit', at: written.at };
  return readNumber(written, kind, usual, findings, ', or inherit');
}

function refuseMeaningless(vxlan: Written<VxlanShape>, family: 4 | 6, findings: Findings): void {
  if (family === 4 && vxlan.get('accept_zero_checksum') !== undefined) {
    const fix = 'remove it: over IPv4 what has no checksum is always accepted';
    const what = 'accept_zero_checksum means nothing over IPv4';
    findings.refuse(vxlan.keyAt('accept_zero_checksum'), what, fix);
  }
  if (vxlan.get('vlans') !== undefined && vxlan.get('inner_tags') !== undefined) {
    const fix = 'remove it: the VNI says which VLAN a frame is of';
    const what = 'inner_tags means nothing together with vlans';
    findings.refuse(vxlan.keyAt('inner_tags'), what, fix);
  }
}

/** A segment without what lives in it. */
interface Segment {
  readonly vni: number;
  readonly at: Position;
  readonly vlan?: number;
}

function readVnis(
  vxlan: Written<VxlanShape> | undefined,
  declaredAt: Position,
  ends: TunnelEnds,
  place: VtepPlace,
  findings: Findings,
): Vni[] {
  const segments = readSegments(vxlan, declaredAt, place, findings);
  const remotes = ends.group === undefined ? ends.remotes : [ends.group];
  const stationsOf = sortStations(ends.stations, segments, findings);
  return segments.map((segment) => ({ ...segment, remotes, stations: stationsOf(segment.vni) }));
}

function readSegments(
  vxlan: Written<VxlanShape> | undefined,
  declaredAt: Position,
  { isFiltering, isWhole }: VtepPlace,
  findings: Findings,
): Segment[] {
  const [vni, vlans] = [vxlan?.get('vni'), vxlan?.get('vlans')];
  if (vxlan === undefined || (vni === undefined && vlans === undefined)) {
    const fix = isFiltering
      ? 'write "vlans: { 10: 1010 }": the VNI of each VLAN'
      : `write "vni: " and a number from 0 to ${VNI_MAX}`;
    if (isWhole) findings.refuse(declaredAt, 'a VXLAN port belongs to a VNI: which?', fix);
    return [];
  }
  if (vni !== undefined && vlans !== undefined) {
    const what = 'vni and vlans exclude each other';
    findings.refuse(vxlan.keyAt('vlans'), what, 'keep one of the two');
  } else if (vni !== undefined && isFiltering) {
    const what = 'this bridge keeps VLANs apart: which of them does the VNI carry?';
    findings.refuse(vxlan.keyAt('vni'), what, `write "vlans: { 10: ${vni.value} }" instead`);
  } else if (vlans !== undefined && !isFiltering) {
    findings.refuse(vxlan.keyAt('vlans'), ...withoutFiltering('vlans'));
  }
  if (vlans !== undefined) return readVlans(vlans, findings);
  if (vni === undefined) return [];
  const { value, at } = vni;
  if (!isVni(value)) findings.refuse(at, `${value} is not a VNI`, VNI_FIX);
  return [{ vni: value, at }];
}

function readVlans(
  vlans: Written<Readonly<Record<string, number>>>,
  findings: Findings,
): Segment[] {
  const segments: Segment[] = [];
  for (const { key, keyAt, written } of entries(vlans)) {
    const vlan = /^[1-9]\d*$/.test(key) ? Number(key) : 0;
    const { value: vni, at } = written;
    const other = segments.find((segment) => segment.vni === vni);
    if (vlan < 1 || vlan > VID_MAX)
      findings.refuse(keyAt, `${key} is not a VLAN`, `write a VLAN from 1 to ${VID_MAX}`);
    if (!isVni(vni)) findings.refuse(at, `${vni} is not a VNI`, VNI_FIX);
    else if (other !== undefined) {
      const what = `VNI ${vni} carries VLAN ${other.vlan ?? 0} already`;
      findings.refuse(at, what, 'give each VLAN a VNI of its own');
    }
    segments.push({ vni, at, vlan });
  }
  if (segments.length === 0)
    findings.refuse(vlans.at, 'a VXLAN port belongs to a VNI: which?', 'write the VNI of a VLAN');
  return segments;
}

/** The stations of each VNI. */
function sortStations(
  stations: readonly PlacedStation[],
  segments: readonly Segment[],
  findings: Findings,
): (vni: number) => Vni['stations'] {
  const known = segments.map(({ vni }) => vni);
  const seen = new Set<string>();
  const placed = stations.flatMap(({ vni: wanted, vniAt, ...station }) => {
    const vni = wanted ?? (known.length === 1 ? known[0] : undefined);
    if (vni === undefined || !known.includes(vni)) {
      const what =
        wanted === undefined
          ? `station ${station.mac} lives in one of several VNIs: which?`
          : `VNI ${wanted} is none of this port`;
      if (known.length > 0)
        findings.refuse(vniAt, what, `write "vni: " and one of ${known.join(', ')}`);
      return [];
    }
    if (seen.has(`${vni} ${station.mac}`)) {
      const what = `station ${station.mac} is there already in VNI ${vni}`;
      findings.refuse(station.at, what, 'keep one of the two');
    }
    seen.add(`${vni} ${station.mac}`);
    return [{ vni, station }];
  });
  return (vni) => placed.filter((one) => one.vni === vni).map(({ station }) => station);
}
