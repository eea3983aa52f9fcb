import type { Forwarder } from './forwarder.js';

/** The yardstick: the kernel's learning bridge between two veth pairs. */
export const kernelBridge: Forwarder = {
  name: 'kernel bridge',
  unavailable: () => undefined,
  async start(stage) {
    await stage.ip('link', 'add', 'bridge', 'type', 'bridge', 'mcast_snooping', '0');
    await stage.ip('link', 'set', 'bridge', 'up');
    for (const side of ['left', 'right'] as const) {
      await stage.addVeth(side);
      await stage.ip('link', 'set', side, 'master', 'bridge');
    }
    return stage;
  },
};
