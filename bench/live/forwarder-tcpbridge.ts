import { hasProgram } from './command.js';
import type { Forwarder } from './forwarder.js';

/** tcpbridge of tcpreplay: libpcap on two interfaces. */
export const tcpbridge: Forwarder = {
  name: 'tcpbridge',
  unavailable: () =>
    hasProgram('tcpbridge') ? undefined : 'tcpbridge is not installed (Debian: tcpreplay)',
  async start(stage) {
    await stage.addVeth('left');
    await stage.addVeth('right');
    const program = stage.start(['tcpbridge', '--intf1=left', '--intf2=right']);
    await program.until(async () =>
      (await stage.ip('-d', 'link', 'show', 'right')).includes('promiscuity 1'),
    );
    return stage;
  },
};
