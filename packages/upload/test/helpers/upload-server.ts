import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSocketServer, connect } from 'node:net';
import type { Server as SocketServer, Socket } from 'node:net';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

export interface UploadServerOptions {
  readonly folder: string;
  /** Answers a request itself, by returning true. */
  readonly meddle?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly maxSize?: number;
}

/** A tus server as it is published, which is not ours. */
export interface UploadServer extends AsyncDisposable {
  /** Where uploads are created. */
  readonly url: string;
  readonly port: number;
  /** Methods and paths so far. */
  readonly requests: readonly string[];
  /** What was uploaded, by the order of the names that the server gave. */
  readonly files: () => Promise<Buffer[]>;
  /** Forgets every upload. */
  readonly forget: () => Promise<void>;
}

export async function startUploadServer({
  folder,
  meddle = () => false,
  maxSize,
}: UploadServerOptions): Promise<UploadServer> {
  const datastore = new FileStore({ directory: folder });
  const tus = new Server({ path: '/files', datastore, ...(maxSize && { maxSize }) });
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!meddle(request, response)) void tus.handle(request, response);
  });
  const names = async (): Promise<string[]> => {
    return (await readdir(folder)).filter((name) => !name.endsWith('.json')).toSorted();
  };
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}/files`,
    port,
    requests,
    files: async () =>
      await Promise.all((await names()).map((name) => readFile(join(folder, name)))),
    forget: async () => {
      await Promise.all((await names()).map((name) => datastore.remove(name)));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes connections on, and cuts each after so many bytes from the client. */
export async function startCutter(
  port: number,
  cutAfterBytes: number,
): Promise<{ readonly port: number; readonly cuts: () => number } & AsyncDisposable> {
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    const target = connect(port, '127.0.0.1');
    for (const each of [socket, target]) {
      sockets.add(each);
      each.on('error', () => undefined).on('close', () => sockets.delete(each));
    }
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes < cutAfterBytes) {
        target.write(chunk);
        return;
      }
      cuts++;
      // What came before is the server's: only the rest is lost.
      target.end();
      socket.destroy();
    });
    target.pipe(socket);
    socket.on('close', () => target.end());
  });
  const own = await listening(server);
  return {
    port: own,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const each of sockets) each.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listening(server: SocketServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
