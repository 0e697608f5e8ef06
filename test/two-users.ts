import { cp, readFile, stat } from 'node:fs/promises';
import { CONTENT_INFORMATION_TYPE, GIB, MIB, silentLog } from '@peer-cache/core';
import type { JobDetails, JobRequest, JobSecrets } from '@peer-cache/protocol';
import { openFileBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { until } from '../packages/discovery/test/helpers/until.ts';
import { described, describing } from './helpers/described.ts';
import { startFaultyOrigin } from './helpers/faulty-origin.ts';
import type { Answer } from './helpers/faulty-origin.ts';
import { machineWithUsers, openPaths, whyNoUsers } from './helpers/machine-users.ts';
import type { Machine, MachineUser } from './helpers/machine-users.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';

const why = whyNoUsers();
const withUsers = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test(`two users of one machine are not tested: ${why}`, (t) => t.pass());

const CONTENT = described(contentOf(9 * MIB + 5));
const PASSWORDS: Readonly<Record<string, string>> = { anna: 'apple', bert: 'birch' };

/** An origin that lets in whoever has a password, and counts what it gives of contents. */
class GuardedOrigin {
  /** Bytes of contents that were asked for by those who were let in. */
  blockBytes = 0;
  /** Who was let in, each time. */
  readonly guests: string[] = [];
  /** Answers about blocks, once so many bytes were asked for, wait for it. */
  #gate: { readonly afterBytes: number; readonly opened: Promise<void> } | undefined;
  readonly #answer = describing(() => CONTENT);

  readonly answer: Answer = (request, response, count) => {
    const guest = guestOf(request.headers.authorization);
    if (guest === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="office"' }).end();
      return;
    }
    this.guests.push(guest);
    if (request.headers.accept?.includes(CONTENT_INFORMATION_TYPE)) {
      this.#answer(request, response, count);
      return;
    }
    const { afterBytes = Infinity, opened } = this.#gate ?? {};
    const mustWait = this.blockBytes >= afterBytes;
    const [, first = '0', last = ''] =
      /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    this.blockBytes += Number(last === '' ? CONTENT.bytes.length - 1 : last) + 1 - Number(first);
    if (mustWait) void opened?.then(() => this.#answer(request, response, count));
    else this.#answer(request, response, count);
  };

  /** Holds back answers once so much was asked for; returns what lets them go. */
  holdAfter(afterBytes: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = { afterBytes, opened: promise };
    return resolve;
  }
}

function guestOf(authorization = ''): string | undefined {
  const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? [];
  const [user = '', password] = Buffer.from(encoded, 'base64').toString().split(':');
  return user !== '' && PASSWORDS[user] === password ? user : undefined;
}

function secretsOf(guest: string | undefined): JobSecrets {
  if (guest === undefined) return {};
  return { origin: { scheme: 'basic', user: guest, password: PASSWORDS[guest] ?? '' } };
}

/** Three agents and an origin, all gone after the test. */
async function office(t: ExecutionContext) {
  const stack = new AsyncDisposableStack();
  t.teardown(() => stack.disposeAsync());
  const users: Machine = stack.use(await machineWithUsers());
  const guard = new GuardedOrigin();
  const origin = stack.use(await startFaultyOrigin(guard.answer));
  const startAgent = async (user: MachineUser) => stack.use(await user.startAgent());
  const machineAgent = await startAgent(users.machine);
  await Promise.all([startAgent(users.a), startAgent(users.b)]);
  const url = `${origin.url}/content`;
  const start = async (user: MachineUser, name: string, guest?: string): Promise<string> => {
    const files = [{ url, path: user.path(name) }];
    const request: JobRequest = { name, files, resume: true, secrets: secretsOf(guest) };
    return (await user.home.client.create(request)).id;
  };
  return { ...users, guard, machineAgent, startAgent, start };
}

const isOver = ({ state }: JobDetails): boolean => state === 'transferred' || state === 'error';

/** Completes the job and compares the file; gives where its bytes came from. */
async function isWhole(t: ExecutionContext, user: MachineUser, id: string, name: string) {
  const { state, bytes, error } = await user.home.client.until(id, isOver);
  t.is(state, 'transferred', error?.message);
  await user.home.client.complete(id);
  t.true((await readFile(user.path(name))).equals(CONTENT.bytes));
  t.is((await stat(user.path(name))).uid, user.uid);
  return bytes;
}

withUsers('two users share the store of the machine, and nothing else', async (t) => {
  const { machine, a, b, guard, start } = await office(t);
  t.like(await a.status(), { machine: { role: 'joined', isReachable: true }, servedAt: [] });
  t.like(await machine.status(), { machine: { role: 'serving' } });

  // A may: everything comes from the origin, once.
  const fromA = await isWhole(t, a, await start(a, 'of-a', 'anna'), 'of-a');
  t.is(guard.blockBytes, CONTENT.bytes.length);
  t.is(fromA.origin, CONTENT.bytes.length);
  t.true((await machine.status()).store.usedBytes > CONTENT.bytes.length);

  // B may not: what A brought is of no use.
  const refused = await b.home.client.until(await start(b, 'refused'), isOver);
  t.like(refused, { state: 'error', error: { code: 'ORIGIN_REFUSED' }, doneBytes: 0 });
  t.deepEqual((await b.status()).received, { store: 0, peers: 0, origin: 0 });
  await t.throwsAsync(stat(b.path('refused')), { code: 'ENOENT' });

  // B may, by his own right: everything comes from the machine's store.
  const fromB = await isWhole(t, b, await start(b, 'of-b', 'bert'), 'of-b');
  t.is(guard.blockBytes, CONTENT.bytes.length, 'the origin sent no byte of the content again');
  t.deepEqual(fromB, { store: 0, peers: CONTENT.bytes.length, origin: 0 });
  t.deepEqual(new Set(guard.guests), new Set(['anna', 'bert']));

  await areApart(t, { machine, a, b });
});

/** Nobody reaches what is another's, and the machine's agent has nothing of theirs open. */
async function areApart(
  t: ExecutionContext,
  { machine, a, b }: Omit<Machine, keyof AsyncDisposable>,
): Promise<void> {
  const store = machine.path('CACHE_HOME/peer-cache/store');
  for (const [user, path] of [
    [b, a.path('of-a')],
    [a, b.path('of-b')],
    [a, store],
    [b, store],
    [machine, a.path('of-a')],
    [machine, b.path('of-b')],
  ] as const) {
    t.is(await user.tries('read', path), 'EACCES', `${user.uid} ${path}`);
    t.is(await user.tries('write', `${path}-new`), 'EACCES', `${user.uid} ${path}`);
  }
  t.is(await a.tries('read', a.path('of-a')), 'done', 'the tries are worth something');
  t.is(await machine.tries('read', store), 'done');
  const open = await openPaths((await machine.status()).pid);
  t.true(open.some((path) => path.startsWith(store)));
  for (const { home } of [a, b]) t.false(open.some((path) => path.startsWith(home.folder)));
  for (const user of [a, b]) {
    const { pid, store: own } = await user.status();
    t.is(own.folder, undefined);
    t.false((await openPaths(pid)).some((path) => path.startsWith(machine.home.folder)));
  }
}

/** What would be found in the store by whoever opened it now, were its agent dead. */
async function bytesOnDisk(store: string): Promise<number> {
  await using copy = await temporaryFolder();
  await cp(store, copy.path, { recursive: true });
  const options = { folder: copy.path, limitBytes: GIB };
  await using opened = await openFileBlockStore({ log: silentLog }, options);
  return opened.usage().usedBytes;
}

withUsers(
  'downloads end right without the machine agent, which is used when it is back',
  async (t) => {
    const { machine, a, b, guard, machineAgent, startAgent, start } = await office(t);
    const openGate = guard.holdAfter(4 * MIB);
    const ofA = await start(a, 'of-a', 'anna');
    await a.home.client.until(ofA, ({ doneBytes }) => doneBytes >= 2 * MIB);
    const ofB = await start(b, 'of-b', 'bert');
    await b.home.client.until(ofB, ({ bytes }) => bytes.peers > 0);

    const store = machine.path('CACHE_HOME/peer-cache/store');
    await until(
      () => bytesOnDisk(store),
      (bytes) => bytes >= 2 * MIB,
    );
    machineAgent.kill('SIGKILL');
    await machineAgent.exited;
    openGate();
    await isWhole(t, a, ofA, 'of-a');
    await isWhole(t, b, ofB, 'of-b');

    // With nothing at hand, all of it is asked of others.
    await startAgent(machine);
    await b.clearsCache();
    const again = await isWhole(t, b, await start(b, 'again', 'bert'), 'again');
    t.true(again.peers > 0, 'what had come to the machine store before is had from there');
    t.is(again.peers + again.origin, CONTENT.bytes.length);
    t.true((await b.status()).machine?.isReachable);
    await a.clearsCache();
    const inTheEnd = await isWhole(t, a, await start(a, 'again', 'anna'), 'again');
    t.deepEqual(inTheEnd, { store: 0, peers: CONTENT.bytes.length, origin: 0 });
  },
);
