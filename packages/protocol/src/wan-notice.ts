import { encodeCbor } from '@peer-cache/core';
import { Fields } from './checks.ts';
import { PEER_ID_BYTES } from './peer-identity.ts';

/** A datagram to everybody on the LAN; a longer one is refused unread. */
export const MOST_NOTICE_BYTES = 256;
/** One agent has no more turns in its life. */
const MOST_TURNS = 2 ** 32;
/** 1 Tbit/s */
const MOST_BYTES_PER_SECOND = 125e9;
const NAME = 'wan notice';
/** In the order of their numbers on the wire. */
const USES = ['foreground', 'fetching', 'waiting'] as const;

/** What somebody does with the office's way out: for a person, in the background, or not yet. */
export type WanUse = (typeof USES)[number];

/** What an agent tells the others of the LAN while it wants something of their common way out. */
export interface WanNotice {
  readonly peerId: string;
  readonly use: WanUse;
  /** Turns that it had in the background; whoever had least is next. */
  readonly turns: number;
  /** Whether it uses all that the way out leaves, so that there is nothing left for a second. */
  readonly isFilling: boolean;
  /** What it has found the way out to bring at best; 0 while it has found nothing. */
  readonly bytesPerSecond: number;
}

export function encodeWanNotice({ peerId, use, turns, ...facts }: WanNotice): Uint8Array {
  return encodeCbor({
    peerId: Buffer.from(peerId, 'hex'),
    use: USES.indexOf(use),
    turns,
    ...facts,
  });
}

/** @throws {MalformedMessageError} */
export function decodeWanNotice(bytes: Uint8Array): WanNotice {
  const fields: Fields = Fields.decode(NAME, bytes);
  const use = USES[fields.wholeNumber('use', 0, USES.length - 1)];
  return {
    peerId: Buffer.from(fields.bytes('peerId', PEER_ID_BYTES)).toString('hex'),
    use: use ?? fields.fail('use', 'out of range'),
    turns: fields.wholeNumber('turns', 0, MOST_TURNS),
    isFilling: fields.truth('isFilling'),
    bytesPerSecond: fields.wholeNumber('bytesPerSecond', 0, MOST_BYTES_PER_SECOND),
  };
}
