import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { SECOND_MS } from '@peer-cache/core';
import type { NotifyWebhook } from '../config/notify-settings.ts';
import { VERSION } from '../version.ts';
import { notificationBody, notificationKey } from './notification.ts';
import type { Delivery, Notification } from './notification.ts';

/** From the first packet to the answer's status. */
const TIME_LIMIT_MS = 5 * SECOND_MS;

/**
 * Posts news of a job as JSON. A status of 2xx within 5 seconds means that it arrived; redirects are
 * not followed, proxies not used, and the answer's body is not read.
 */
export async function postWebhook(
  { url }: NotifyWebhook,
  notification: Notification,
  { signal }: { readonly signal: AbortSignal },
): Promise<Delivery> {
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  try {
    const status = await post(url, notification, AbortSignal.any([signal, limit]));
    return { isDelivered: status >= 200 && status < 300, facts: { status } };
  } catch (error) {
    signal.throwIfAborted();
    return { isDelivered: false, facts: { reason: limit.aborted ? 'time limit' : codeOf(error) } };
  }
}

async function post(url: string, notification: Notification, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const body = notificationBody(notification);
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const outgoing = request(url, {
    method: 'POST',
    signal,
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': `peer-cache/${VERSION}`,
      'peer-cache-event': notification.state,
      'idempotency-key': notificationKey(notification),
    },
  });
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(body);
  const response = await promise;
  // What comes after the status could only cost us.
  response.on('error', () => undefined).destroy();
  return response.statusCode ?? 0;
}

/** Never the message: it could name the URL. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
}
