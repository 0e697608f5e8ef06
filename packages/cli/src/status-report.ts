import type {
  AgentStatus,
  BackgroundStatus,
  JobsStatus,
  MachineStatus,
  NetworkStatus,
  PeerStatus,
  SharingStatus,
  StoreStatus,
  TransferStatus,
  YieldReason,
} from '@peer-cache/protocol';
import {
  alignColumns,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  printable,
  printableLine,
} from './format.ts';
import { savedShare } from './get-summary.ts';
import { shareText, STATE_ORDER, stateColor } from './job-words.ts';
import type { Colors, ViewOptions } from './terminal.ts';
import { shortened, wrapped } from './text-width.ts';

const LABEL_WIDTH = 12;
const MOST_PEERS = 20;
const MOST_JOBS = 10;
const JOB_NAME_WIDTH = 28;

/** The agent's status as lines for a person, the most wanted first. */
export function statusReport(status: AgentStatus, view: ViewOptions): string[] {
  const { version, pid, uptimeSeconds, peerId, servedBytes, jobs } = status;
  const { colors } = view;
  const room = view.columns - LABEL_WIDTH;
  const up = formatDuration(uptimeSeconds * 1000);
  return [
    ...labelled('agent', [`${colors.green('running')}, version ${version}, pid ${pid}, up ${up}`]),
    ...labelled('peer ID', [peerId]),
    ...labelled('machine', machineLines(status.machine, { columns: room, colors })),
    ...labelled('sharing', sharingLines(status, { columns: room, colors })),
    ...labelled('network', networkLines(status.network, room)),
    ...labelled('background', backgroundLines(status.background, { columns: room, colors })),
    ...labelled('store', wrapped(storeLine(status.store), room)),
    ...labelled('received', wrapped(receivedLine(status), room)),
    ...labelled('served', [`${formatBytes(servedBytes)} to peers`]),
    ...labelled('sent', sentLines(jobs)),
    ...labelled('peers', peerLines(status.peers, room)),
    ...labelled('jobs', jobLines(jobs, { columns: room, colors })),
    ...labelled('transfers', transferLines(status.transfers, room)),
  ];
  function labelled(label: string, texts: readonly string[]): string[] {
    const indent = ' '.repeat(LABEL_WIDTH);
    return texts.map((text, index) =>
      index === 0 ? colors.bold(label.padEnd(LABEL_WIDTH)) + text : indent + text,
    );
  }
}

function machineLines(
  machine: MachineStatus | undefined,
  { columns, colors }: ViewOptions,
): string[] {
  if (machine === undefined) return [];
  const path = printable(machine.socketPath);
  if (machine.role === 'serving') return wrapped(`serves its users at ${path}`, columns);
  const joined = wrapped(`joined to the machine's agent at ${path}`, columns);
  return machine.isReachable ? joined : [...joined, colors.yellow('which does not answer now')];
}

function networkLines(network: NetworkStatus | undefined, columns: number): string[] {
  if (network === undefined) return [];
  return wrapped(`${network.cost} (${printable(network.reason)})`, columns);
}

const YIELDS_FOR: Readonly<Record<YieldReason, string>> = {
  delay: 'others keep the link busy',
  share: 'somebody else needs a part of the link',
  machine: 'this machine uses its network for something else',
  office: 'a person at another machine waits for something',
};

function backgroundLines(
  background: BackgroundStatus | undefined,
  { columns, colors }: ViewOptions,
): string[] {
  if (background === undefined) return [];
  const { yieldsFor, isOthersTurn, queueMs, bytesPerSecond } = background;
  if (yieldsFor !== undefined) {
    return wrapped(colors.yellow(`stands back: ${YIELDS_FOR[yieldsFor]}`), columns);
  }
  if (isOthersTurn) return wrapped('it is the turn of another agent of this network', columns);
  const link = bytesPerSecond === 0 ? '' : `, the link brings ${formatBytes(bytesPerSecond)}/s`;
  return wrapped(`uses what others leave, ${queueMs} ms of queue${link}`, columns);
}

function sharingLines(
  { sharing, servedAt, machine, power }: AgentStatus,
  { columns, colors }: ViewOptions,
): string[] {
  const sorted = sharing.toSorted((a, b) => Number(b.isSharing) - Number(a.isSharing));
  const table = alignColumns(
    sorted.map((each) => [
      each.isSharing ? 'yes' : 'no',
      each.interfaceName,
      addresses(each),
      printable(each.reason),
    ]),
  );
  if (machine?.role === 'joined') return ["by the machine's agent"];
  const isSharing = sharing.some((each) => each.isSharing);
  const isQuiet = power !== undefined && !power.isServingAllowed;
  const head = !isSharing
    ? [colors.yellow('nowhere: everything comes from the origins')]
    : isQuiet
      ? [colors.yellow('on battery: not serving, only fetching (serving.on_battery)')]
      : wrapped(`on, peers reach us at ${servedAt.join(', ')}`, columns);
  return [...head, ...table.map((line) => shortened(line, columns))];
}

function addresses({ addresses: all }: SharingStatus): string {
  const [first = 'no address'] = all;
  return all.length > 1 ? `${first} +${all.length - 1}` : first;
}

function storeLine({ folder, segments, usedBytes, limitBytes }: StoreStatus): string {
  const used = `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}`;
  const place = folder === undefined ? 'in memory' : printable(folder);
  const share = formatShare(limitBytes === 0 ? 1 : usedBytes / limitBytes);
  return `${used} (${share}), ${formatCount(segments, 'segment')}, ${place}`;
}

function receivedLine({ received }: AgentStatus): string {
  const { store, peers, origin } = received;
  const saved = savedShare(received);
  const savedText = saved === undefined ? '' : `${formatShare(saved)} saved: `;
  const shared = `${formatBytes(store)} from the store, ${formatBytes(peers)} from peers`;
  return `${savedText}${shared}, ${formatBytes(origin)} from origins`;
}

function peerLines(peers: readonly PeerStatus[], columns: number): string[] {
  if (peers.length === 0) return ['none'];
  const shown = peers.toSorted((a, b) => b.receivedBytes - a.receivedBytes).slice(0, MOST_PEERS);
  const rows = shown.map(({ name, peerId, receivedBytes, lastSeenSeconds }) => [
    name,
    peerId?.slice(0, 8) ?? '-',
    `gave ${formatBytes(receivedBytes)}`,
    lastSeenSeconds === undefined
      ? 'not met yet'
      : `seen ${formatDuration(lastSeenSeconds * 1000)} ago`,
  ]);
  const more = peers.length - shown.length;
  return [
    ...alignColumns(rows).map((line) => shortened(line, columns)),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function sentLines({ sentBytes }: Partial<JobsStatus> = {}): string[] {
  return sentBytes === undefined ? [] : [`${formatBytes(sentBytes)} by uploads`];
}

function jobLines(jobs: JobsStatus | undefined, { columns, colors }: ViewOptions): string[] {
  if (jobs === undefined) return [];
  const { counts, running } = jobs;
  const present = STATE_ORDER.filter((state) => counts[state] > 0);
  if (present.length === 0) return ['none'];
  const texts = present.map((state) => `${counts[state]} ${state}`);
  const rows = running.slice(0, MOST_JOBS).map((job) => {
    const saved = `${formatShare(savedShare(job.bytes) ?? 0)} saved`;
    const from = job.kind === 'upload' ? 'sent' : saved;
    const size = job.sizeBytes === undefined ? 'size not known yet' : formatBytes(job.sizeBytes);
    return [shortened(printableLine(job.name), JOB_NAME_WIDTH), shareText(job), `of ${size}`, from];
  });
  const more = running.length - rows.length;
  return [
    ...wrapped(texts.join(', '), columns).map((line) => paintedStates(line, colors)),
    ...alignColumns(rows).map((line) => shortened(line, columns)),
    ...(more > 0 ? [`and ${more} more that run: peer-cache job list`] : []),
  ];
}

function paintedStates(line: string, colors: Colors): string {
  return line.replaceAll(/(\d+) ([a-z-]+)/g, (text, _count, state: string) =>
    stateColor(colors, state)(text),
  );
}

function transferLines(transfers: readonly TransferStatus[], columns: number): string[] {
  if (transfers.length === 0) return ['none'];
  return transfers.flatMap(({ url, path, sizeBytes, doneBytes, bytes }) => {
    const done = formatBytes(doneBytes);
    const share = sizeBytes === undefined ? '' : ` (${formatShare(doneBytes / (sizeBytes || 1))})`;
    const of = sizeBytes === undefined ? '' : ` of ${formatBytes(sizeBytes)}`;
    const sources = `${formatBytes(bytes.peers)} from peers, ${formatBytes(bytes.origin)} from the origin`;
    const target = printableLine(path ?? 'a stream');
    return [
      shortened(printableLine(url), columns),
      shortened(`  to ${target}`, columns),
      `  ${done}${of}${share}, ${sources}`,
    ];
  });
}
