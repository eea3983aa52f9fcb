import { compile } from '../../control/compile/compile.js';
import type { Compiled } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';

/** What a lab of one bridge is told besides its ports; each is YAML. */
export interface BridgeSettings {
  /** Lines of `x-bridge`, as `ageing: 10s, mac: "02:00:00:00:00:fe"`. */
  readonly bridge?: string;
  /** Lines of `driver_opts`. */
  readonly options?: string;
}

/** A lab from a whole topology file. */
export function labOf(yaml: string): Compiled {
  return compile(parseLab(yaml, 'lab.yaml'));
}

/** A lab of one bridge network with these ports; `c2+isolated` and `c2+hairpin` set a flag of a port. */
export function bridge(ports: string, settings: BridgeSettings = {}): Compiled {
  const services = ports.split(' ').map((word) => {
    const [name = '', ...flags] = word.split('+');
    const set = flags.map((flag) => `${flag}: true`).join(', ');
    return `  ${name}: { image: x, networks: [net], x-port: { ${set} } }`;
  });
  return labOf(`
services:
${services.join('\n')}
networks:
  net:
    driver_opts: { ${settings.options ?? ''} }
    x-bridge: { ${settings.bridge ?? ''} }
`);
}
