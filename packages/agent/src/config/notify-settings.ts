import { isAbsolute, normalize } from 'node:path';
import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import { durationSetting, listSetting, textSetting } from './setting.ts';
import type { Setting } from './setting.ts';

/** What a job may tell of (BITS NOT-04). */
export type NotifyState = (typeof NOTIFY_STATES)[number];

/** A `[notify.NAME]` table: whom to tell, and of what. */
export type NotifyTarget = NotifyCommand | NotifyWebhook;

/** A program to start. */
export interface NotifyCommand {
  readonly kind: 'command';
  readonly path: string;
  readonly on: readonly NotifyState[];
  readonly timeoutMs: number;
}

/** A URL to post to. */
export interface NotifyWebhook {
  readonly kind: 'webhook';
  /** May hold a secret, in its path too. */
  readonly url: string;
  readonly on: readonly NotifyState[];
}

/** The settings of one `[notify.NAME]` table. */
export interface NotifySettings {
  readonly webhook: Setting<string>;
  readonly command: Setting<string>;
  readonly on: Setting<readonly NotifyState[]>;
  readonly timeout: Setting<number>;
}

const NOTIFY_STATES = ['transferred', 'error'] as const;
const NAME = /^notify\.([a-z\d][a-z\d_-]{0,31})\./;

/** The settings of the table `[notify.NAME]` by their last name. */
export function notifySettings(name: string): NotifySettings {
  return {
    webhook: textSetting({
      isSecret: true,
      key: `notify.${name}.webhook`,
      doc: 'Where news of a job that chose this target is posted, as JSON.',
      expects: 'a URL with http: or https:, without user and password',
      fallback: '',
      parse: parseWebhook,
    }),
    command: textSetting({
      key: `notify.${name}.command`,
      doc: 'The program that is started with news of a job that chose this target.',
      expects: 'the absolute path of a program',
      fallback: '',
      parse: (text) => (isPlainPath(text) ? text : undefined),
    }),
    on: {
      ...listSetting({
        key: `notify.${name}.on`,
        doc: 'What to tell of.',
        expects: `some of ${NOTIFY_STATES.join(', ')}`,
        parse: (text) => NOTIFY_STATES.find((state) => state === text),
      }),
      fallback: NOTIFY_STATES,
    },
    timeout: durationSetting({
      key: `notify.${name}.timeout`,
      doc: 'How long the program may run.',
      expects: 'a time of 1 s to 10 min, such as "30 s"',
      fallback: '30 s',
      leastMs: SECOND_MS,
      mostMs: 10 * MINUTE_MS,
    }),
  };
}

/** The NAME of a key such as `notify.NAME.command`; undefined for any other key. */
export function notifyNameIn(key: string): string | undefined {
  return NAME.exec(key)?.[1];
}

/** Why a table with these keys is none, or undefined for a right one. */
export function notifyTableProblem(keys: ReadonlySet<string>): string | undefined {
  const kinds = (['webhook', 'command'] as const).filter((key) => keys.has(key));
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'neither' : 'both';
    return `needs either a webhook or a command, and has ${found}`;
  }
  const hasUseless = keys.has('timeout') && keys.has('webhook');
  return hasUseless ? 'has a timeout, which only a command has; webhooks get 5 s' : undefined;
}

/** What a table without a {@link notifyTableProblem} says; `read` gives defaults for what it lacks. */
export function notifyTarget(
  name: string,
  keys: ReadonlySet<string>,
  read: <T>(setting: Setting<T>) => T,
): NotifyTarget {
  const { webhook, command, on, timeout } = notifySettings(name);
  if (keys.has('webhook')) return { kind: 'webhook', url: read(webhook), on: read(on) };
  return { kind: 'command', path: read(command), on: read(on), timeoutMs: read(timeout) };
}

function parseWebhook(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, href } = new URL(text);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && username === '' && password === '' ? href : undefined;
}

/** Nothing in it that leads elsewhere than it says. */
function isPlainPath(text: string): boolean {
  return (
    isAbsolute(text) && normalize(text) === text && !text.includes('\0') && !text.endsWith('/')
  );
}
