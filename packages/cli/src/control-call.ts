import type { IncomingMessage } from 'node:http';
import process from 'node:process';
import type { Failure } from '@peer-cache/protocol';
import {
  AgentAnswerError,
  AgentFailureError,
  AgentGoneError,
  AgentNotRunningError,
} from './errors.ts';

// Not `import`: that would read every export of it, and one of them loads Node's own undici (40 ms).
const { request } = process.getBuiltinModule('node:http');

/** One request to the agent. */
export interface ControlCall {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the agent on its control socket, with Node's own HTTP client, since it loads fastest.
 *
 * @throws {AgentNotRunningError} when nobody answers
 * @throws {AgentFailureError} for what the agent refuses or fails to do
 */
export async function callAgent(
  socketPath: string,
  { method = 'GET', path: bare, query = {}, body, signal }: ControlCall,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const path = withQuery(bare, query);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
  const options = { socketPath, method, path, headers, agent: false as const };
  const outgoing = request(signal === undefined ? options : { ...options, signal }, resolve);
  outgoing.once('error', (cause) => {
    reject(signal?.aborted === true ? cause : new AgentNotRunningError(socketPath, { cause }));
  });
  outgoing.end(payload);
  const answer = await promise;
  const { statusCode = 0 } = answer;
  if (statusCode >= 200 && statusCode < 300) return answer;
  throw new AgentFailureError(parseAnswer(await textOf(answer), isFailure));
}

/** Asks the agent for one JSON document. */
export async function askAgent<T>(
  socketPath: string,
  call: ControlCall,
  isRight: (value: unknown) => value is T,
): Promise<T> {
  return parseAnswer(await textOf(await callAgent(socketPath, call)), isRight);
}

/** Asks the agent for JSON lines, one value each, as they come. */
export async function* askForLines<T>(
  socketPath: string,
  call: ControlCall,
  isRight: (value: unknown) => value is T,
): AsyncGenerator<T> {
  const answer = await callAgent(socketPath, call);
  for await (const line of linesOf(answer)) yield parseAnswer(line, isRight);
}

/** What the agent sends, as it comes; an agent that dies meanwhile is {@link AgentGoneError}. */
export async function* piecesOf(answer: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* answer;
  } catch (cause) {
    // The socket broke; why is not to be had from this side.
    throw new AgentGoneError({ cause });
  }
}

/** The lines of an answer, without their ends; what is cut off at the end is left out. */
export async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const part of piecesOf(answer.setEncoding('utf8'))) {
    const lines = (rest + String(part)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/**
 * What the agent sent, told from what another program or version would send; its details are
 * believed: the socket lies in a folder that only this user can enter.
 */
export function parseAnswer<T>(text: string, isRight: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AgentAnswerError('it is no JSON', { cause });
  }
  if (!isRight(value)) throw new AgentAnswerError('something is missing in it');
  return value;
}

/** Whether a value has fields to look at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function withQuery(path: string, query: NonNullable<ControlCall['query']>): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of piecesOf(answer)) parts.push(part);
  return Buffer.concat(parts).toString();
}

function isFailure(value: unknown): value is Failure {
  return (
    isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string'
  );
}
