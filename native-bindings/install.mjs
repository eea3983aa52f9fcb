/**
 * Builds the addon when the package is installed (`npm ci`, `npm run install`). It never fails: without the addon captures still replay,
 * and what needs it says so when it is used (load.ts).
 */
import { spawnSync } from 'node:child_process';
import console from 'node:console';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const NEEDED = 'apt install g++ make python3 libpcap-dev';

export const compiler = process.env['CXX'] ?? 'c++';

/** Does this command run and end well? */
function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** npm says where its node-gyp is; without npm, it is looked for where Node installs npm. */
function nodeGyp() {
  const beside = '../lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js';
  const places = [process.env['npm_config_node_gyp'], join(dirname(process.execPath), beside)];
  return places.find((path) => path !== undefined && existsSync(path));
}

function whatIsMissing() {
  if (process.platform !== 'linux') return `live ports need Linux, and this is ${process.platform}`;
  if (!works(compiler, '--version')) return `there is no C++ compiler; ${NEEDED}`;
  if (!works('make', '--version')) return `there is no make; ${NEEDED}`;
  if (!works('python3', '--version')) return `there is no python3; ${NEEDED}`;
  if (nodeGyp() === undefined) return 'there is no node-gyp; install npm';
  return undefined;
}

/** Builds build/Release, or build/Debug with sanitizers. Returns why it could not, or undefined. */
export function build(configuration = 'Release') {
  const missing = whatIsMissing();
  if (missing !== undefined) return missing;
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  const how = configuration === 'Debug' ? '--debug' : '--release';
  const args = ['configure', 'build', how, ...(hasHeaders ? [`--nodedir=${prefix}`] : [])];
  const { status, stdout, stderr } = spawnSync(process.execPath, [nodeGyp(), ...args], {
    cwd: here,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const lines = `${stdout}\n${stderr}`.split('\n');
  const why = lines.find((line) => /\berror:|gyp ERR! stack/.test(line)) ?? 'node-gyp failed';
  return `${why.trim()}; ${NEEDED}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const why = build();
  if (why !== undefined)
    console.log(`etherloom: live ports are left out, the native addon was not built: ${why}`);
  else if (!createRequire(import.meta.url)('./build/Release/etherloom.node').hasCapture)
    console.log(
      'etherloom: libpcap is left out, its headers are not here: apt install libpcap-dev',
    );
}
