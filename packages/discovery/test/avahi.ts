import { hostname } from 'node:os';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Avahi, whyNoAvahi } from './helpers/avahi.ts';
import { LanAgent } from './helpers/lan-agent.ts';
import { makeLan, whyNoNamespaces } from './helpers/namespaces.ts';
import type { LanHost } from './helpers/namespaces.ts';
import { until } from './helpers/until.ts';

const ASK_BY_UNICAST = new URL('fixtures/ask-by-unicast.ts', import.meta.url).pathname;

const why = whyNoNamespaces() ?? whyNoAvahi();
const withAvahi = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test(`avahi tests are skipped: ${why}`, (t) => t.pass());

withAvahi('an agent started after avahi is listed by it and leaves it its unicast', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const avahi = await Avahi.start(lan.host(0));
  const agent = await LanAgent.start(lan.host(0), { servePort: 7001, name: 'office', count: 1 });
  await getOnTogether(t, { avahi, agent, host: lan.host(0), neighbour: lan.host(1) });
});

withAvahi('an agent started before avahi is listed by it and leaves it its unicast', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const agent = await LanAgent.start(lan.host(0), { servePort: 7001, name: 'office', count: 1 });
  const avahi = await Avahi.start(lan.host(0));
  await getOnTogether(t, { avahi, agent, host: lan.host(0), neighbour: lan.host(1) });
});

interface Together {
  readonly avahi: Avahi;
  /** On the same host as avahi. */
  readonly agent: LanAgent;
  readonly host: LanHost;
  readonly neighbour: LanHost;
}

async function getOnTogether(t: ExecutionContext, { avahi, agent, host, neighbour }: Together) {
  const other = await LanAgent.start(neighbour, { servePort: 7002 });
  const listed = await until(
    () => avahi.run('avahi-browse', '-rpt', '_peer-cache._tcp'),
    (list) => list.includes(';10.77.0.1;7001;"v=1"') && list.includes(';10.77.0.2;7002;"v=1"'),
  );
  t.false(listed.includes(hostname()), 'the name of the machine is nowhere');

  const name = `${hostname().split('.')[0]}.local`;
  for (let time = 0; time < 3; time++) {
    const answer = await neighbour.run(process.execPath, ASK_BY_UNICAST, host.address, name);
    t.is(answer.trim(), host.address, 'by avahi, which publishes the name of the machine');
  }
  t.is((await other.find('office', 1)).length, 1);

  await agent.end();
  await until(
    () => avahi.run('avahi-browse', '-pt', '_peer-cache._tcp'),
    (list) => !list.includes(agentName(listed, ';7001;')) && list.includes('_peer-cache'),
  );
}

/** The instance that avahi-browse lists with this port. */
function agentName(listed: string, port: string): string {
  const line = listed.split('\n').find((each) => each.includes(port));
  return line?.split(';')[3] ?? '';
}
