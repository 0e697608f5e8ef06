import type { AgentStatus, GetEvent, GetRequest, StreamRequest } from '@peer-cache/protocol';
import {
  askAgent,
  askForLines,
  callAgent,
  isRecord,
  parseAnswer,
  piecesOf,
} from './control-call.ts';
import { AgentGoneError, AgentNotRunningError } from './errors.ts';
import { framesOf } from './stream-frames.ts';

/** Asks the agent how it is, and has it fetch contents. */
export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws {AgentNotRunningError} when nobody answers. */
  async status(): Promise<AgentStatus> {
    return await askAgent(this.#socketPath, { path: '/v1/status' }, isStatus);
  }

  /** Whether an agent answers. */
  async isAgentRunning(): Promise<boolean> {
    try {
      await this.status();
      return true;
    } catch (error) {
      if (error instanceof AgentNotRunningError) return false;
      throw error;
    }
  }

  /** Has the agent fetch a file; whoever stops listening, or aborts, cancels it. */
  async *get(
    body: GetRequest,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<GetEvent> {
    const call = { method: 'POST', path: '/v1/get', body, signal } as const;
    for await (const event of askForLines(this.#socketPath, call, isEvent)) {
      yield event;
      if (isLast(event)) return;
    }
    throw new AgentGoneError();
  }

  /** Has the agent hand a content over: its bytes in order, between events. */
  async *stream(
    body: StreamRequest,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<GetEvent | Uint8Array> {
    const call = { method: 'POST', path: '/v1/stream', body, signal } as const;
    const answer = await callAgent(this.#socketPath, call);
    for await (const { isContent, payload } of framesOf(piecesOf(answer))) {
      const part = isContent ? payload : parseAnswer(payload.toString(), isEvent);
      yield part;
      if (!(part instanceof Uint8Array) && isLast(part)) return;
    }
    throw new AgentGoneError();
  }
}

function isLast({ event }: GetEvent): boolean {
  return event === 'done' || event === 'failed';
}

function isStatus(value: unknown): value is AgentStatus {
  return isRecord(value) && typeof value['pid'] === 'number' && isRecord(value['store']);
}

function isEvent(value: unknown): value is GetEvent {
  return isRecord(value) && typeof value['event'] === 'string';
}
