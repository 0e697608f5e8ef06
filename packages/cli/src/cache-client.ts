import type {
  CacheCheckEvent,
  CacheCleared,
  CachePage,
  CacheSegment,
  PeerList,
} from '@peer-cache/protocol';
import { askAgent, askForLines, isRecord } from './control-call.ts';

/** Asks the agent for what its store has and who has been met. */
export class CacheClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async list(query: { limit: number; after?: string | undefined }): Promise<CachePage> {
    return await askAgent(this.#socketPath, { path: '/v1/cache', query }, isPage);
  }

  async clear(): Promise<CacheCleared> {
    return await askAgent(this.#socketPath, { method: 'POST', path: '/v1/cache/clear' }, isCleared);
  }

  async pin(segmentId: string, isPinned: boolean): Promise<CacheSegment> {
    const call = { method: 'POST', path: '/v1/cache/pin', body: { segmentId, isPinned } } as const;
    return await askAgent(this.#socketPath, call, isSegment);
  }

  /** Reads and verifies every block; whoever stops listening ends it. */
  verify({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<CacheCheckEvent> {
    const call = { method: 'POST', path: '/v1/cache/verify', signal } as const;
    return askForLines(this.#socketPath, call, isCheckEvent);
  }

  async peers(): Promise<PeerList> {
    return await askAgent(this.#socketPath, { path: '/v1/peers' }, isPeerList);
  }
}

function isPage(value: unknown): value is CachePage {
  return isRecord(value) && Array.isArray(value['segments']) && typeof value['total'] === 'number';
}

function isCleared(value: unknown): value is CacheCleared {
  return isRecord(value) && typeof value['removedSegments'] === 'number';
}

function isSegment(value: unknown): value is CacheSegment {
  return isRecord(value) && typeof value['segmentId'] === 'string';
}

function isCheckEvent(value: unknown): value is CacheCheckEvent {
  return isRecord(value) && typeof value['event'] === 'string';
}

function isPeerList(value: unknown): value is PeerList {
  return isRecord(value) && Array.isArray(value['peers']);
}
