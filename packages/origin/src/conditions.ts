import { SECOND_MS } from '@peer-cache/core';

/** The headers of a conditional request, as Node gives them. */
export interface ConditionHeaders {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
  readonly 'if-range'?: string | undefined;
}

/** What a representation can be compared by. */
export interface Validators {
  readonly etag: string;
  readonly modifiedMs: number | undefined;
}

/** Evaluates the preconditions of a GET or HEAD in the order of RFC 9110 §13.2.2. */
export function checkConditions(
  headers: ConditionHeaders,
  { etag, modifiedMs }: Validators,
): 'send' | 'not-modified' | 'failed' {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (!isStrongMatch(ifMatch, etag)) return 'failed';
  } else if (isAfter(modifiedMs, headers['if-unmodified-since'])) return 'failed';
  if (ifNoneMatch !== undefined) {
    return isWeakMatch(ifNoneMatch, etag) ? 'not-modified' : 'send';
  }
  return isAtMost(modifiedMs, headers['if-modified-since']) ? 'not-modified' : 'send';
}

/**
 * Whether `If-Range` lets the range be answered (RFC 9110 §13.1.5); without it, yes. A date is
 * believed only of a representation that was a second old, since dates have no finer grain.
 */
export function isRangeCurrent(
  { 'if-range': ifRange }: ConditionHeaders,
  { etag, modifiedMs }: Validators,
  nowMs: number,
): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  if (modifiedMs === undefined || ifRange.startsWith('W/')) return false;
  return wholeSeconds(modifiedMs) === Date.parse(ifRange) && nowMs - modifiedMs >= SECOND_MS;
}

/** `Last-Modified` of a representation. */
export function lastModified(modifiedMs: number): string {
  return new Date(modifiedMs).toUTCString();
}

function isStrongMatch(header: string, etag: string): boolean {
  return header.trim() === '*' || entityTags(header).includes(etag);
}

function isWeakMatch(header: string, etag: string): boolean {
  return (
    header.trim() === '*' || entityTags(header).some((tag) => tag.replace(/^W\//, '') === etag)
  );
}

function entityTags(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function isAfter(modifiedMs: number | undefined, date: string | undefined): boolean {
  if (modifiedMs === undefined || date === undefined) return false;
  // A date that is none compares false: such a condition is ignored.
  return wholeSeconds(modifiedMs) > Date.parse(date);
}

function isAtMost(modifiedMs: number | undefined, date: string | undefined): boolean {
  if (modifiedMs === undefined || date === undefined) return false;
  return wholeSeconds(modifiedMs) <= Date.parse(date);
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}
