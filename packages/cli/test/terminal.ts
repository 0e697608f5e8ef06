import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { hasTmux, Terminal } from './helpers/terminal.ts';
import { User } from './helpers/user.ts';

const BIN = fileURLToPath(new URL('helpers/bin.ts', import.meta.url));
const HALF = Buffer.alloc(2_000_000, 'x');
const PATIENCE_MS = 40_000;
const withTmux = (await hasTmux()) ? test : test.skip;

withTmux(
  'a bar of one line moves in a terminal of 80 columns, and makes room for the result',
  async (t) => {
    const { promise: wanted, resolve: sendRest } = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 2 * HALF.length }).write(HALF);
      void wanted.then(() => response.end(HALF));
    }).listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    t.teardown(() => server.closeAllConnections());
    t.teardown(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const user = await User.create(t);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const get = ['get', `http://127.0.0.1:${port}/file`, '-o', user.path('x')];
    const terminal = await Terminal.open(t, [process.execPath, BIN, ...get], {
      ...user.env,
      LANG: 'C.UTF-8',
    });
    const during = await terminal.untilShown(/ 50%/, { signal });
    t.is(during.length, 1, during.join('\n'));
    t.regex(during[0] ?? '', /^ 50% ▒+·+ .*\/s .*▒origin 1\.9 MiB$/);
    sendRest();
    const after = await terminal.untilShown(/^done: /, { signal, withGone: true });
    t.false(
      after.some((line) => line.includes('%') && !line.includes('saved')),
      after.join('\n'),
    );
    t.regex(after.join(''), /3\.8 MiB in .* 3\.8 MiB from the origin \(0 % saved\)/);
  },
);
