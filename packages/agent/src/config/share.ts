const PERCENT = /^(\d{1,3}(?:\.\d{1,2})?) ?%$/;

/** A share above 0 and up to 1 of text such as `5%`; undefined for anything else. */
export function parseShare(text: string): number | undefined {
  const share = Number(PERCENT.exec(text)?.[1]) / 100;
  return share > 0 && share <= 1 ? share : undefined;
}
