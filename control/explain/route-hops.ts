/** What happened to a packet where a host found a route for it. */
import { Step } from '../../dataplane/observe/trace.js';
import { addressText } from '../address.js';
import { connectionView, translationViews } from './connection-views.js';
import type { AnyHop, RouteHop } from './hops.js';
import type { Passage } from './passages.js';
import { mtuRule, ruleAtRoute } from './route-rules.js';
import {
  addressesOf,
  at,
  endedView,
  endingOf,
  hostViews,
  interfaceView,
  noted,
  REDIRECT,
  sentViews,
} from './views.js';
import type { Context } from './views.js';

/** `before`: the hop from which it came to the host. */
export function routeHop(
  context: Context,
  { notes, after, note }: Passage,
  before: AnyHop | undefined,
): RouteHop {
  const { compiled, frame } = context;
  const [, row, iface] = note;
  const { text, at: written, via, to, host } = at(compiled.routes, row);
  const link = interfaceView(compiled, iface);
  const waits = notes.some(([step, where]) => step === Step.Waiting && where >= 0);
  const resumed = noted(notes, Step.Resumed) !== undefined;
  const connection = connectionView(context, notes);
  const translations = translationViews(context, notes);
  const destination =
    translations.find(({ what }) => what === 'destination')?.to.address ??
    frame.packet?.destination ??
    '';
  const addressed = noted(notes, Step.Addressed);
  const ending = endingOf(notes);
  const pieces = notes.filter(([step]) => step === Step.Cut).length;
  const views = hostViews(context, notes);
  const { name, sendRedirects } = at(compiled.lab.hosts, host);
  const place = { context, host, iface, destination, family: to.family, before, notes };
  return {
    stage: 'route',
    ...(after !== undefined && { after }),
    sent: sentViews(context, notes),
    ...endedView(ending, (reason) => ruleAtRoute(reason, place)),
    ...views,
    ...(views.complaint === REDIRECT && {
      redirected: {
        value: String(sendRedirects.value),
        ...(sendRedirects.at && { at: sendRedirects.at }),
      },
    }),
    host: name,
    route: { rule: text, ...(written && { at: written }) },
    ...(link && { link }),
    nextHop: via === undefined ? destination : addressText(to.family, via),
    ...(connection && { connection }),
    ...(translations.length > 0 && { translations }),
    ...(pieces > 0 && { pieces: { count: pieces, rule: mtuRule(place) } }),
    ...(waits && { waits: resumed ? ('resumed' as const) : ('waiting' as const) }),
    ...(addressed && { addresses: addressesOf(compiled, addressed) }),
  };
}
