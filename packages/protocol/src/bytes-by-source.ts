/** Content bytes by where they came from. */
export interface BytesBySource {
  readonly store: number;
  readonly peers: number;
  readonly origin: number;
}
