/** Behind a content's name: where its content information lies beside it. */
const SUFFIX = '.peer-cache';
const TEMPORARY = /^\.peer-cache-[0-9a-f]{16}$/i;

/** The name of the sidecar of a content with this name or path. */
export function sidecarOf(contentName: string): string {
  return contentName + SUFFIX;
}

/** Whether this is the name of a sidecar. Case does not count: some file systems fold it. */
export function isSidecarName(name: string): boolean {
  return name.length > SUFFIX.length && name.toLowerCase().endsWith(SUFFIX);
}

/** The name of the content that the sidecar with this name stands beside. */
export function contentOf(sidecarName: string): string {
  return sidecarName.slice(0, -SUFFIX.length);
}

/** The name of a sidecar while it is written. */
export function temporaryName(random: Uint8Array): string {
  return `.peer-cache-${Buffer.from(random).toString('hex')}`;
}

/** Whether {@link temporaryName} made this name. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}
