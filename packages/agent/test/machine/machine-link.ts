import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import { BLOCK_BYTES } from '@peer-cache/core';
import type { KeepRequest } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import { makeSegment } from '../../../store/test/helpers/segments.ts';
import type { MachineLink } from '../../src/machine/machine-link.ts';
import { collect } from '../helpers/collect.ts';
import { linkTo, machineAgent } from '../helpers/machine-agent.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const { signal } = new AbortController();
const MADE = makeSegment(1, 2 * BLOCK_BYTES);
const LOOKUPS = [MADE.keys];

function question(): KeepRequest {
  const { entry, sizeBytes, blockHashList } = MADE;
  return { entry, sizeBytes, serveUntilMs: 1e14, blockHashList, blocks: [] };
}

/** A log that keeps what was warned of and told. */
function notedLog(): { readonly log: Log; readonly said: string[] } {
  const said: string[] = [];
  const say = (_facts: object, message: string): void => void said.push(message);
  return { said, log: { debug: () => undefined, info: say, warn: say, error: say } };
}

async function addressesOf(link: MachineLink): Promise<string[]> {
  const found = await collect(link.find(LOOKUPS, { signal }));
  return found.map(({ address }) => address.socketPath ?? address.host);
}

test('the machine agent comes first, then what it finds on the LAN', async (t) => {
  const lan = [{ address: { host: '10.0.0.7', port: 7690 }, holds: [0] }];
  const machine = await machineAgent(t, { lan });
  t.deepEqual(await collect(linkTo(t, machine).find(LOOKUPS, { signal })), [
    { address: { host: 'localhost', port: 0, socketPath: machine.socketPath }, holds: undefined },
    ...lan,
  ]);
});

test('an agent that goes is told of once, finds nobody, and is used again when it is back', async (t) => {
  const machine = await machineAgent(t);
  const { log, said } = notedLog();
  let nowMs = 0;
  const link = linkTo(t, machine, { log, now: () => nowMs });
  t.true(await link.answers());
  await machine.stop();
  t.deepEqual(await addressesOf(link), []);
  t.is(await link.keep(question()), undefined);
  t.deepEqual(await addressesOf(link), []);
  t.false(link.isReachable);
  t.deepEqual(said, ["the machine's agent is not reachable; going on without it"]);
  await machine.start();
  t.is(await link.keep(question()), undefined, 'it is left alone for a while');
  nowMs += 5000;
  t.true((await link.keep(question()))?.hasBlockHashList);
  t.true(link.isReachable);
  t.is(said.at(-1), "the machine's agent is back");
});

test('one that is back is used at once where somebody looks for peers', async (t) => {
  const machine = await machineAgent(t);
  const link = linkTo(t, machine);
  await machine.stop();
  t.is(await link.keep(question()), undefined);
  await machine.start();
  t.deepEqual(await addressesOf(link), [machine.socketPath]);
  t.true((await link.keep(question()))?.hasBlockHashList);
});

test('one whose store has no room is busy, not gone', async (t) => {
  const store = createMemoryBlockStore({}, { limitBytes: 1 });
  const { log, said } = notedLog();
  const link = linkTo(t, await machineAgent(t, { store }), { log });
  t.is(await link.keep(question()), undefined);
  t.true(link.isReachable);
  t.deepEqual(said, []);
});

test('whoever answers something else there is no machine agent', async (t) => {
  for (const answer of ['', 'hello\r\n\r\n', 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n']) {
    const socketPath = join(await temporaryFolder(t), 'machine.sock');
    const server = createServer((socket) => socket.on('error', () => undefined).end(answer));
    t.teardown(() => server.close());
    server.listen(socketPath);
    await once(server, 'listening');
    t.false(await linkTo(t, { socketPath }).answers());
  }
});
