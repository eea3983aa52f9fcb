import { join } from 'node:path';
import { hasProgram } from './command.js';
import type { Forwarder } from './forwarder.js';
import { hasInterface } from './stage.js';

/** vde_switch with two TAPs of its own. */
export const vdeSwitch: Forwarder = {
  name: 'vde_switch',
  unavailable: () =>
    hasProgram('vde_switch') ? undefined : 'vde_switch is not installed (Debian: vde2)',
  async start(stage) {
    const sides = ['left', 'right'] as const;
    const socket = join(stage.folder(), 'switch');
    const taps = sides.flatMap((side) => ['--tap', side]);
    const program = stage.start(['vde_switch', '--sock', socket, ...taps]);
    for (const side of sides) {
      await program.until(() => hasInterface(stage.middle, side));
      await stage.giveTo(side, side);
    }
    return stage;
  },
};
