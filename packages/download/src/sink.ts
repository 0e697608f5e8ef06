/** Where the bytes of one download go, in any order. */
export interface ContentSink {
  /** Nothing at or past this byte should be asked for yet; Infinity where order doesn't matter. */
  readonly horizonByte: number;
  /** Whether bytes are still in use after their write has resolved. */
  readonly keepsBytes: boolean;

  /** Keeps the bytes; resolves when there is room for more. */
  write(startByte: number, bytes: Uint8Array): Promise<void>;

  /** Forgets all bytes written: the content changed at the origin. */
  restart(): Promise<void>;
}
