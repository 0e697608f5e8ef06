import type { IncomingMessage } from 'node:http';
import process from 'node:process';
import type {
  AgentStatus,
  ControlPath,
  Failure,
  GetEvent,
  GetRequest,
  StreamRequest,
} from '@peer-cache/protocol';
import {
  AgentAnswerError,
  AgentFailureError,
  AgentGoneError,
  AgentNotRunningError,
} from './errors.ts';
import { framesOf } from './stream-frames.ts';

// Not `import`: that would read every export of it, and one of them loads Node's own undici (40 ms).
const { request } = process.getBuiltinModule('node:http');

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: ControlPath;
  readonly body?: GetRequest | StreamRequest;
  readonly signal?: AbortSignal | undefined;
}

/** Talks to the agent on its control socket. Node's own HTTP client, since it loads fastest. */
export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws {AgentNotRunningError} when nobody answers. */
  async status(): Promise<AgentStatus> {
    const answer = await this.#call({ method: 'GET', path: '/v1/status' });
    return parseJson(await textOf(answer), isStatus);
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
    const answer = await this.#call({ method: 'POST', path: '/v1/get', body, signal });
    let rest = '';
    for await (const part of piecesOf(answer.setEncoding('utf8'))) {
      const lines = (rest + String(part)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parseJson(line, isEvent);
        yield event;
        if (isLast(event)) return;
      }
    }
    throw new AgentGoneError();
  }

  /** Has the agent hand a content over: its bytes in order, between events. */
  async *stream(
    body: StreamRequest,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<GetEvent | Uint8Array> {
    const answer = await this.#call({ method: 'POST', path: '/v1/stream', body, signal });
    for await (const { isContent, payload } of framesOf(piecesOf(answer))) {
      const part = isContent ? payload : parseJson(payload.toString(), isEvent);
      yield part;
      if (!(part instanceof Uint8Array) && isLast(part)) return;
    }
    throw new AgentGoneError();
  }

  async #call({ method, path, body, signal }: Call): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const options = { socketPath: this.#socketPath, method, path, headers, agent: false as const };
    const outgoing = request(signal === undefined ? options : { ...options, signal }, resolve);
    outgoing.once('error', (cause) => {
      reject(
        signal?.aborted === true ? cause : new AgentNotRunningError(this.#socketPath, { cause }),
      );
    });
    outgoing.end(payload);
    const answer = await promise;
    if (answer.statusCode === 200) return answer;
    throw new AgentFailureError(parseJson(await textOf(answer), isFailure));
  }
}

async function* piecesOf(answer: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* answer;
  } catch (cause) {
    // The socket broke; why is not to be had from this side.
    throw new AgentGoneError({ cause });
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of piecesOf(answer)) parts.push(part);
  return Buffer.concat(parts).toString();
}

function isLast({ event }: GetEvent): boolean {
  return event === 'done' || event === 'failed';
}

/**
 * What the agent sent, told from what another program or version would send; its details are
 * believed: the socket lies in a folder that only this user can enter.
 */
function parseJson<T>(text: string, isRight: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AgentAnswerError('it is no JSON', { cause });
  }
  if (!isRight(value)) throw new AgentAnswerError('something is missing in it');
  return value;
}

function isStatus(value: unknown): value is AgentStatus {
  return isRecord(value) && typeof value['pid'] === 'number' && isRecord(value['store']);
}

function isEvent(value: unknown): value is GetEvent {
  return isRecord(value) && typeof value['event'] === 'string';
}

function isFailure(value: unknown): value is Failure {
  return (
    isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
