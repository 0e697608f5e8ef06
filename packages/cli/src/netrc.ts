/** What a netrc file says of a host. */
export interface NetrcEntry {
  readonly user: string;
  readonly password: string;
}

interface Machine {
  /** Undefined for `default`. */
  readonly host: string | undefined;
  user?: string;
  password?: string;
}

/** A word, or one in quotes with backslashes before what they would end. */
const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g;

/**
 * Finds the credentials of a host in the text of a netrc file: the host's own, else those of
 * `default`. Undefined where there are none. Macros and comments are passed over.
 */
export function netrcEntry(text: string, host: string): NetrcEntry | undefined {
  const machines = machinesIn(text);
  const found =
    machines.find((machine) => machine.host?.toLowerCase() === host.toLowerCase()) ??
    machines.find((machine) => machine.host === undefined);
  if (found?.user === undefined || found.password === undefined) return undefined;
  return { user: found.user, password: found.password };
}

function machinesIn(text: string): Machine[] {
  const machines: Machine[] = [];
  const words = wordsIn(text).values();
  const next = (): string => words.next().value ?? '';
  for (const word of words) {
    const last = machines.at(-1);
    if (word === 'machine') machines.push({ host: next() });
    else if (word === 'default') machines.push({ host: undefined });
    else if (last !== undefined && word === 'login') last.user = next();
    else if (last !== undefined && word === 'password') last.password = next();
    else if (word === 'account') next();
  }
  return machines;
}

function wordsIn(text: string): string[] {
  const withoutMacros = text.replaceAll(/^\s*macdef\b[^]*?(?:\n\s*\n|$(?![^]))/gm, '');
  const withoutComments = withoutMacros.replaceAll(/^\s*#.*$/gm, '');
  return Array.from(withoutComments.matchAll(WORD), ([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1'),
  );
}
