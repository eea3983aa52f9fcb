import type { Endpoint } from './endpoint.js';
import type { Position } from './position.js';

/** The network stack of one container: its endpoints, or whose stack it shares. */
export interface Sandbox {
  readonly name: string;
  readonly at: Position;
  readonly host: string;
  /** `own`: endpoints of its own; `none`: no network at all; `host`: the host's stack; otherwise the sandbox it shares. */
  readonly mode: 'own' | 'none' | 'host' | { readonly shares: string };
  readonly endpoints: readonly Endpoint[];
  readonly settings: SandboxSettings;
  /** In file order; absent where it publishes nothing. */
  readonly published?: readonly PublishedPort[];
}

/** One port of a container, as its host makes it known in one family (`ports`). */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  /** Of the host; 0.0.0.0 and :: stand for all its addresses of that family. */
  readonly hostAddress: string;
  /** 0 in gateway mode `routed`: the port of the container is opened, and none of the host is taken. */
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
  /** The bridge network through which it is published. */
  readonly network: string;
  readonly at: Position;
}

/** The inside of a sandbox, as far as `up` makes it. */
export interface SandboxSettings {
  /** `container_name`, or the name Compose would give: `lab-c1-1`. */
  readonly containerName: string;
  readonly hostname: string;
  /** The words of `entrypoint` and `command`; absent where the service has neither. */
  readonly command?: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** `working_dir`. */
  readonly folder?: string;
  /** Addresses of name servers. */
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** An address, or `host-gateway`. */
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  readonly links: readonly { readonly service: string; readonly alias: string }[];
}

/** Is there a network stack to make? Not where every endpoint is a device of the machine or a capture: the service is somewhere else. */
export function hasStack({ mode, endpoints }: Sandbox): boolean {
  if (mode === 'none') return true;
  return mode === 'own' && endpoints.some(({ device }) => device.kind === 'sandbox');
}
