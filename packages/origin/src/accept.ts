import { CONTENT_INFORMATION_TYPE } from '@peer-cache/core';

/** What a client's `Accept` says about the two representations of a content. */
export interface Accepted {
  /** Only where it is named: a wildcard of a client that knows nothing of us does not count. */
  readonly isInformationAccepted: boolean;
  readonly isContentAccepted: boolean;
}

/** Reads an `Accept` header (RFC 9110 §12.5.1); none accepts the content. */
export function readAccept(header: string | undefined): Accepted {
  const types = (header ?? '*/*').split(',').filter(isWanted).map(nameOf);
  const isInformationAccepted = types.includes(CONTENT_INFORMATION_TYPE);
  // Who names only types that the content does not have gets it all the same, as from any static
  // server; but nobody who asks for content information alone wants gigabytes in its place.
  const isContentAccepted = !isInformationAccepted || types.length > 1;
  return { isInformationAccepted, isContentAccepted };
}

/** Whether a `Cache-Control` forbids others to keep the response (RFC 9111 §5.2.2). */
export function forbidsSharing(cacheControl: string): boolean {
  return cacheControl.split(',').some((directive) => {
    const [name = ''] = directive.split('=');
    return ['private', 'no-store'].includes(name.trim().toLowerCase());
  });
}

/** An existing `Vary` with `Accept` in it. */
export function varyByAccept(vary: string): string {
  const names = vary.split(',').map((name) => name.trim());
  const isThere = names.some((name) => name === '*' || name.toLowerCase() === 'accept');
  return isThere ? vary : [...names.filter(Boolean), 'Accept'].join(', ');
}

function isWanted(range: string): boolean {
  return !range.split(';').some((parameter) => /^\s*q\s*=\s*0(\.0*)?\s*$/i.test(parameter));
}

function nameOf(range: string): string {
  const [name = ''] = range.split(';');
  return name.trim().toLowerCase();
}
