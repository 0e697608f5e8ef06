import { blockCount, SEGMENT_BYTES, segmentBytes, segmentKeysOf } from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import { alignColumns, formatBytes, formatCount, formatDuration, printable } from './format.ts';
import type { Inspected } from './inspected.ts';

const FROM = {
  origin: 'from the origin',
  sidecar: 'from this file, a sidecar',
  computed: 'computed here, as `publish --public` would write it; IDs are those of public content',
  'plain origin': 'none: a plain origin; its contents come from it alone, unshared',
} as const;
const SHORT_ID_DIGITS = 8;
const FIRST_SEGMENTS = 10;

/** What is known of one segment. Never its secret: that is a read key. */
interface SegmentFacts {
  readonly index: number;
  readonly startByte: number;
  readonly sizeBytes: number;
  readonly blocks: number;
  readonly segmentId: string;
  readonly segmentHash: string;
}

/** Content information as lines for a person; `isWhole` for all segments and digits. */
export function inspectReport(
  inspected: Inspected,
  { isWhole }: { readonly isWhole: boolean },
): string[] {
  const { target, from } = inspected;
  const head = [
    ['content', printable(target)],
    ['information', FROM[from]],
  ];
  if (inspected.from === 'plain origin') {
    const facts = inspected.facts.map(({ name, value }) => [name, printable(value)]);
    return alignColumns([...head, ...facts]);
  }
  const { information } = inspected;
  const facts = alignColumns([...head, ...factsOf(inspected.from, information)]);
  return [...facts, ...segmentLines(segmentsOf(information), isWhole)];
}

/** The same as one line of JSON. */
export function inspectJson(inspected: Inspected): string {
  if (inspected.from === 'plain origin') return JSON.stringify(inspected);
  const { from, target, information } = inspected;
  const { sizeBytes, etag, isPublic, serveForSeconds } = information;
  return JSON.stringify({
    from,
    target,
    sizeBytes,
    digest: hex(information.digest),
    etag: from === 'computed' ? undefined : etag,
    isPublic,
    serveForSeconds,
    isInline: information.inline !== undefined,
    segments: segmentsOf(information),
  });
}

function factsOf(from: Inspected['from'], information: ContentInformation): string[][] {
  const { sizeBytes, digest, etag, isPublic, serveForSeconds, inline, segments } = information;
  const blocks = segments.reduce(
    (sum, _, index) => sum + blockCount(segmentBytes(sizeBytes, index)),
    0,
  );
  const shared = `${formatCount(segments.length, 'segment')}, ${formatCount(blocks, 'block')}`;
  return [
    ['size', `${formatBytes(sizeBytes)} (${sizeBytes} bytes)`],
    ['digest', `${hex(digest)} (BLAKE3, as b3sum prints it)`],
    ['etag', from === 'computed' ? 'given by the web server' : printable(etag)],
    ['public', isPublic ? 'yes: whoever has the file can find it here' : 'no'],
    ['served for', formatDuration(serveForSeconds * 1000)],
    ['shared as', inline === undefined ? shared : 'nothing: it travels inside this information'],
  ];
}

function segmentsOf({ sizeBytes, segments }: ContentInformation): SegmentFacts[] {
  return segments.map((entry, index) => ({
    index,
    startByte: index * SEGMENT_BYTES,
    sizeBytes: segmentBytes(sizeBytes, index),
    blocks: blockCount(segmentBytes(sizeBytes, index)),
    segmentId: hex(segmentKeysOf(entry).segmentId),
    segmentHash: hex(entry.segmentHash),
  }));
}

function segmentLines(segments: readonly SegmentFacts[], isWhole: boolean): string[] {
  if (segments.length === 0) return [];
  const shown = isWhole ? segments : segments.slice(0, FIRST_SEGMENTS);
  const digits = isWhole ? undefined : SHORT_ID_DIGITS;
  const rows = shown.map(({ index, startByte, sizeBytes, blocks, segmentId, segmentHash }) => [
    String(index),
    String(startByte),
    formatBytes(sizeBytes),
    String(blocks),
    segmentId.slice(0, digits),
    segmentHash.slice(0, digits),
  ]);
  const head = ['segment', 'first byte', 'size', 'blocks', 'ID', 'segment hash'];
  const hidden = segments.length - shown.length;
  const more = hidden === 0 ? [] : [`and ${hidden} more (--all shows them)`];
  return ['', ...alignColumns([head, ...rows]), ...more];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
