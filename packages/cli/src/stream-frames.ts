const HEADER_BYTES = 5;

/** A frame of the answer to `POST /v1/stream`. */
export interface StreamFrame {
  readonly isContent: boolean;
  readonly payload: Buffer;
}

/** Takes frames out of pieces of any size; what is cut off at the end is left out. */
export async function* framesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<StreamFrame> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wantedBytes = HEADER_BYTES;
  for await (const piece of pieces) {
    waiting.push(piece);
    waitingBytes += piece.length;
    // Joined only when a frame is whole, so that no byte is copied twice.
    if (waitingBytes < wantedBytes) continue;
    let rest = Buffer.concat(waiting);
    for (
      wantedBytes = endOfFrame(rest);
      rest.length >= wantedBytes;
      wantedBytes = endOfFrame(rest)
    ) {
      yield { isContent: rest[0] === 0, payload: rest.subarray(HEADER_BYTES, wantedBytes) };
      rest = rest.subarray(wantedBytes);
    }
    waiting = [rest];
    waitingBytes = rest.length;
  }
}

/** Where the first frame ends; where its header does, as long as that is not whole. */
function endOfFrame(bytes: Buffer): number {
  return bytes.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + bytes.readUInt32BE(1);
}
