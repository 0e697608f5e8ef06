/** A URL as people and logs may see it: without user info, query and fragment, which may be secret. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, protocol, host, pathname } = new URL(url);
  return (origin === 'null' ? `${protocol}//${host}` : origin) + pathname;
}
