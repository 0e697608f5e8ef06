/** A URL as people and logs may see it: without user info, query and fragment, which may be secret. */
export function shownUrl(url: URL | string): string {
  const parsed = URL.parse(url.toString());
  if (parsed === null) return url.toString();
  const { origin, protocol, host, pathname } = parsed;
  return (origin === 'null' ? `${protocol}//${host}` : origin) + pathname;
}
