/**
 * Gives the memory of `bytes` back now and not when it is collected: at gigabytes a second the
 * collector would be the largest consumer of time. The bytes are gone, so only their last owner may
 * call this. A view of a part of a buffer is left alone.
 */
export function releaseMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
