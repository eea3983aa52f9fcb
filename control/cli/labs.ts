/** Which of the labs on this machine is meant. */
import { isAlive, labNames, readState } from '../supervisor/state.js';
import type { ServiceState, State } from '../supervisor/state.js';
import { didYouMean } from '../model/nearest.js';
import { CallError, Refused } from './errors.js';

/** The lab of that name, or the only one that is up. @throws Refused when it is not up; CallError when there are several */
export function runningLab(name?: string): State {
  const up = labNames().flatMap((lab) => {
    const state = readState(lab);
    return state !== undefined && isAlive(state) ? [state] : [];
  });
  if (name !== undefined) {
    const found = up.find(({ lab }) => lab === name);
    if (found !== undefined) return found;
    const others = didYouMean(
      name,
      up.map(({ lab }) => lab),
    );
    throw new Refused(`lab ${name} is not up${others}\n    fix: etherloom up`);
  }
  const [only, ...more] = up;
  if (only === undefined) throw new Refused('no lab is up\n    fix: etherloom up lab.yaml');
  if (more.length === 0) return only;
  const names = up.map(({ lab }) => lab).join(', ');
  throw new CallError(`several labs are up (${names}); choose one with --lab`);
}

/** A service of a lab. @throws CallError */
export function serviceOf({ lab, services }: State, name: string): ServiceState {
  const found = services.find((service) => service.name === name);
  if (found !== undefined) return found;
  const names = services.map((service) => service.name);
  throw new CallError(`lab ${lab} has no service ${name}${didYouMean(name, names)}`);
}
