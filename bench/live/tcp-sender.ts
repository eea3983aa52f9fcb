/** The assistant that sends: a server that fills every connection as fast as it takes. Writes of 128 KiB stay in a core's own cache. */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { assist } from './assistant.js';

export interface SenderQuestion {
  readonly address: string;
}

export interface SenderAnswer {
  readonly port: number;
}

const chunk = Buffer.alloc(128 * 1024, 'etherloom ');

function fill(socket: Socket): void {
  const write = (): void => {
    while (socket.write(chunk));
  };
  socket.setNoDelay();
  socket.on('drain', write);
  socket.on('error', () => socket.destroy());
  write();
}

assist(
  ({ address }: SenderQuestion): Promise<SenderAnswer> =>
    new Promise((resolve, reject) => {
      const server = createServer(fill);
      server.on('error', reject);
      server.listen(0, address, () => {
        resolve({ port: (server.address() as AddressInfo).port });
      });
    }),
);
