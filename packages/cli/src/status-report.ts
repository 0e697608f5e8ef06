import type {
  AgentStatus,
  PeerStatus,
  SharingStatus,
  StoreStatus,
  TransferStatus,
} from '@peer-cache/protocol';
import { alignColumns, formatBytes, formatCount, formatDuration } from './format.ts';
import { formatShare, printable } from './format.ts';
import { savedShare } from './get-summary.ts';
import type { Colors } from './terminal.ts';

const LABEL_WIDTH = 12;
const MOST_PEERS = 20;

/** The agent's status as lines for a person, the most wanted first. */
export function statusReport(status: AgentStatus, colors: Colors): string[] {
  const { version, pid, uptimeSeconds, peerId } = status;
  const up = formatDuration(uptimeSeconds * 1000);
  return [
    ...labelled('agent', [`${colors.green('running')}, version ${version}, pid ${pid}, up ${up}`]),
    ...labelled('peer ID', [peerId]),
    ...labelled('sharing', sharingLines(status, colors)),
    ...labelled('store', storeLines(status.store)),
    ...labelled('received', [receivedLine(status)]),
    ...labelled('served', [`${formatBytes(status.servedBytes)} to peers`]),
    ...labelled('peers', peerLines(status.peers)),
    ...labelled('transfers', transferLines(status.transfers)),
  ];
  function labelled(label: string, texts: readonly string[]): string[] {
    const indent = ' '.repeat(LABEL_WIDTH);
    return texts.map((text, index) =>
      index === 0 ? colors.bold(label.padEnd(LABEL_WIDTH)) + text : indent + text,
    );
  }
}

function sharingLines({ sharing, servedAt }: AgentStatus, colors: Colors): string[] {
  const sorted = sharing.toSorted((a, b) => Number(b.isSharing) - Number(a.isSharing));
  const table = alignColumns(
    sorted.map((each) => [
      each.isSharing ? 'yes' : 'no',
      each.interfaceName,
      addresses(each),
      printable(each.reason),
    ]),
  );
  const isSharing = sharing.some((each) => each.isSharing);
  const head = isSharing
    ? `on, peers reach us at ${servedAt.join(', ')}`
    : colors.yellow('nowhere: everything comes from the origins');
  return [head, ...table];
}

function addresses({ addresses: all }: SharingStatus): string {
  const [first = 'no address'] = all;
  return all.length > 1 ? `${first} +${all.length - 1}` : first;
}

function storeLines({ folder, segments, usedBytes, limitBytes }: StoreStatus): string[] {
  const used = `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}`;
  const place = folder === undefined ? 'in memory' : printable(folder);
  const share = formatShare(limitBytes === 0 ? 1 : usedBytes / limitBytes);
  return [`${used} (${share}), ${formatCount(segments, 'segment')}, ${place}`];
}

function receivedLine({ received }: AgentStatus): string {
  const { store, peers, origin } = received;
  const saved = savedShare(received);
  const text = `${formatBytes(store)} from the store, ${formatBytes(peers)} from peers, `;
  const savedText = saved === undefined ? '' : ` (${formatShare(saved)} saved)`;
  return `${text}${formatBytes(origin)} from origins${savedText}`;
}

function peerLines(peers: readonly PeerStatus[]): string[] {
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
  return [...alignColumns(rows), ...(more > 0 ? [`and ${more} more`] : [])];
}

function transferLines(transfers: readonly TransferStatus[]): string[] {
  if (transfers.length === 0) return ['none'];
  return transfers.flatMap(({ url, path, sizeBytes, doneBytes, bytes }) => {
    const done = formatBytes(doneBytes);
    const share = sizeBytes === undefined ? '' : ` (${formatShare(doneBytes / (sizeBytes || 1))})`;
    const of = sizeBytes === undefined ? '' : ` of ${formatBytes(sizeBytes)}`;
    const sources = `${formatBytes(bytes.peers)} from peers, ${formatBytes(bytes.origin)} from the origin`;
    const target = printable(path ?? 'a stream');
    return [`${printable(url)} to ${target}`, `  ${done}${of}${share}, ${sources}`];
  });
}
