import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import test from 'ava';
import { Avahi, whyNoAvahi } from '../packages/discovery/test/helpers/avahi.ts';
import { makeLan, whyNoNamespaces } from '../packages/discovery/test/helpers/namespaces.ts';
import { Machine } from './helpers/lan-office.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';

const MIB = 2 ** 20;
const SIZES = [0, 1, 1024, 1025, 65_535, 65_536, 65_537, 32 * MIB - 1, 32 * MIB, 32 * MIB + 1];
if (process.env['LONG_TESTS'] === '1') SIZES.push(1024 * MIB);
/** Root, headers, handshakes and ARP of one small request; a block would not fit beside them. */
const ROOT_ONLY_BYTES = 12_000;

const why = whyNoNamespaces();
const onLan = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test.serial.skip(`between hosts: ${why}`, () => undefined);

/** An origin and two machines, each a host of its own, with the contents at the origin. */
async function openOffice(sizes: readonly number[]) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const lan = stack.use(await makeLan({ hosts: 3 }));
  const served = join(folder, 'served');
  await mkdir(served);
  for (const size of sizes) await writeFile(join(served, `${size}`), contentOf(size, size + 1));
  const [origin, first, second] = await Promise.all(
    lan.hosts.map((host, index) => Machine.create(host, join(folder, `host${index}`))),
  );
  if (origin === undefined || first === undefined || second === undefined) throw new Error();
  const serving = origin.spawn('origin', 'serve', served, '--host', origin.host.address);
  await new Promise<void>((resolve) => {
    createInterface({ input: serving.stdout }).once('line', () => resolve());
  });
  const url = `http://${origin.host.address}:8080`;
  const moved = stack.move();
  return {
    lan,
    folder,
    served,
    origin,
    first,
    second,
    url,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

onLan('the second machine takes every byte from the first, none from the origin', async (t) => {
  t.timeout(180_000);
  await using office = await openOffice(SIZES);
  const { first, second, origin, url, folder, served } = office;
  await Promise.all([first.startAgent(), second.startAgent()]);
  for (const size of SIZES) {
    t.like(await first.get(`${url}/${size}`, join(folder, `first-${size}`)), { event: 'done' });
  }
  for (const size of SIZES) {
    const path = join(folder, `second-${size}`);
    const before = await origin.sentBytes();
    const result = await second.get(`${url}/${size}`, path);
    const sentBytes = (await origin.sentBytes()) - before;
    t.is(result.event, 'done', JSON.stringify(result));
    const shared = size > 1024 ? size : 0;
    t.is(result.bytes?.peers, shared, `${size} from the peer`);
    t.is(result.bytes?.origin, size - shared, `${size} from the origin`);
    t.true(sentBytes < ROOT_ONLY_BYTES, `the origin sent ${sentBytes} bytes for ${size}`);
    t.true((await readFile(path)).equals(await readFile(join(served, `${size}`))), `${size}`);
    t.is(result.digest, await b3sum(path), `${size}`);
  }
});

onLan("avahi-browse lists our agents, its own host's and the neighbour's", async (t) => {
  const noAvahi = whyNoAvahi();
  if (noAvahi !== undefined) {
    t.pass(noAvahi);
    return;
  }
  await using office = await openOffice([]);
  const avahi = await Avahi.start(office.first.host);
  await Promise.all([office.first.startAgent(), office.second.startAgent()]);
  const listed = await avahi.run('avahi-browse', '-rt', '_peer-cache._tcp');
  t.log(listed);
  t.true(listed.includes(office.first.host.address));
  t.true(listed.includes(office.second.host.address));
});

async function b3sum(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('b3sum', ['--no-names', path]);
  return stdout.trim();
}
