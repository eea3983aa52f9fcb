/** What a host made of a packet that it routed, in sentences. */
import { placeText } from './conntrack-words.js';
import type {
  ConnectionView,
  RouteHop,
  Setting,
  TranslationRule,
  TranslationView,
} from './hops.js';
import {
  complaint,
  ending,
  gathering,
  leaving,
  ruleText,
  seconds,
  settingPlace,
  waiting,
  where,
} from './phrases.js';
import { shortName } from './views.js';

const MINUTE_S = 60;
const DAY_S = 86_400;

/** In the order in which the host decides: whose packet is it, where does it go, where does it come from for others. */
export function routeSentences(file: string, hop: RouteHop): string[] {
  const { connection, translations = [], ended, addresses, sent } = hop;
  const of = (wanted: 'source' | 'destination') =>
    translations
      .filter(({ what }) => what === wanted)
      .map((translation) => translationText(file, translation));
  return [
    ...(connection ? [connectionText(file, connection)] : []),
    ...gathering(file, hop),
    ...of('destination'),
    ...routeText(file, hop),
    ...of('source'),
    ...piecesText(file, hop),
    ...waiting(hop),
    ...(addresses ? [`The next hop has the MAC ${addresses.destination}.`] : []),
    ...(sent.length > 0 && ended === undefined ? [`It ${leaving(file, sent)}.`] : []),
    ...(hop.redirected ? redirectText(file, hop.redirected) : complaint(file, hop)),
    ...ending(file, ended),
  ];
}

function redirectText(file: string, redirects: Setting): string[] {
  const place = settingPlace(file, 'send_redirects', redirects);
  return [`The host told its sender by ICMP that there is a shorter way: redirect ${place}.`];
}

function routeText(file: string, { route, link, nextHop, waits, host, ended }: RouteHop): string[] {
  const text = `${route.rule}${where(file, route.at)}`;
  if (link === undefined) return [`Its route is ${text}.`];
  const asks = `; the MAC of the next hop ${nextHop} is not known, so ${host} asks for it by ${shortName(link)}`;
  if (waits !== undefined) return [`It goes by the route ${text}${asks}.`];
  return [`It ${ended === undefined ? 'goes' : 'would go'} by the route ${text}.`];
}

function piecesText(file: string, { pieces }: RouteHop): string[] {
  if (pieces === undefined) return [];
  return [`It goes on in ${pieces.count} fragments: ${ruleText(file, pieces.rule)}.`];
}

function connectionText(file: string, connection: ConnectionView): string {
  const { host, part, openedBy } = connection;
  const opener = openedBy && `frame ${openedBy.number} of ${openedBy.port}`;
  switch (part) {
    case 'opens':
      return `It opens a connection${keptText(file, connection)}.`;
    case 'belongs':
      return `It belongs to the connection opened by ${opener ?? ''}${keptText(file, connection)}.`;
    case 'replies':
      return `It is a reply of the connection opened by ${opener ?? ''}${keptText(file, connection)}.`;
    case 'refused':
      return 'It would open a connection.';
    case 'unknown':
      return `${host} knows no connection that it belongs to, and none begins like this: it is not translated.`;
  }
}

/** ` (SYN_SENT, no reply yet), which node-1 keeps for 2 min`. */
function keptText(
  file: string,
  { host, state, replied, assured, livesFor_s = 0, livesBy }: ConnectionView,
): string {
  const words = [
    ...(state === undefined ? [] : [state]),
    ...(replied === false ? ['no reply yet'] : []),
    ...(assured === true ? ['assured'] : []),
  ];
  const progress = words.length === 0 ? '' : ` (${words.join(', ')})`;
  const said = livesBy?.at ? ` (${file}:${livesBy.at.line}, ${livesBy.key})` : '';
  return `${progress}, which ${host} keeps for ${lifetime(livesFor_s)}${said}`;
}

/** Timeouts are whole numbers: in days, minutes or seconds, the largest unit that says them in one number. */
function lifetime(value: number): string {
  if (value >= DAY_S && value % DAY_S === 0)
    return `${value / DAY_S} ${value === DAY_S ? 'day' : 'days'}`;
  return value > MINUTE_S && value % MINUTE_S === 0 ? `${value / MINUTE_S} min` : seconds(value);
}

function translationText(file: string, { what, from, to, back, rule }: TranslationView): string {
  const becomes = back ? 'is turned back into' : 'becomes';
  return `Its ${what} ${placeText(from)} ${becomes} ${placeText(to)}: ${translationRule(file, rule)}.`;
}

/** A rule, its line, and the key there. */
function translationRule(file: string, { rule, at, key }: TranslationRule): string {
  if (at === undefined) return rule;
  return `${rule} (${file}:${at.line}${key === undefined ? '' : `, ${key}`})`;
}
