import { join } from 'node:path';
import { command, hasProgram } from './command.js';
import type { Forwarder } from './forwarder.js';
import { hasInterface } from './stage.js';
import type { Stage } from './stage.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/**
 * Open vSwitch forwarding in user space (datapath_type=netdev) between two TAPs: a private instance with a database and sockets in a
 * folder of its own, which the machine's own Open vSwitch never hears of.
 */
export function openVswitch(name: string, settings: readonly string[]): Forwarder {
  return {
    name,
    unavailable: () =>
      ['ovs-vswitchd', 'ovsdb-server', 'ovsdb-tool', 'ovs-vsctl'].every(hasProgram)
        ? undefined
        : 'Open vSwitch is not installed (Debian: openvswitch-switch)',
    async start(stage) {
      const database = await startDatabase(stage);
      const configure = (...words: readonly string[]): Promise<string> =>
        command('ovs-vsctl', `--db=${database.socket}`, ...words);
      await configure('--no-wait', 'init');
      for (const setting of settings)
        await configure('--no-wait', 'set', 'Open_vSwitch', '.', setting);
      const daemon = [`--unixctl=${join(database.folder, 'vswitchd.ctl')}`, database.socket];
      const program = stage.start(['ovs-vswitchd', ...daemon], database.environment);
      const bridge = ['add-br', 'bridge', '--', 'set', 'bridge', 'bridge', 'datapath_type=netdev'];
      await configure('--timeout=10', ...bridge);
      for (const side of ['left', 'right'] as const) {
        const port = ['add-port', 'bridge', side, '--', 'set', 'interface', side, 'type=tap'];
        await configure('--timeout=10', ...port);
        await program.until(() => hasInterface(stage.middle, side));
        await stage.giveTo(side, side);
      }
      return stage;
    },
  };
}

interface Database {
  readonly folder: string;
  readonly socket: string;
  readonly environment: NodeJS.ProcessEnv;
}

async function startDatabase(stage: Stage): Promise<Database> {
  const folder = stage.folder();
  const file = join(folder, 'conf.db');
  const socket = `unix:${join(folder, 'db.sock')}`;
  const environment = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
  await command('ovsdb-tool', 'create', file, SCHEMA);
  const server = [file, `--remote=p${socket}`, `--unixctl=${join(folder, 'ovsdb.ctl')}`];
  const program = stage.start(['ovsdb-server', ...server], environment);
  const list = ['--timeout=1', 'list-dbs', socket];
  await program.until(() =>
    command('ovsdb-client', ...list).then(
      () => true,
      () => false,
    ),
  );
  return { folder, socket, environment };
}
