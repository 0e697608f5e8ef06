import type { LanHost } from '../../../../packages/discovery/test/helpers/namespaces.ts';
import type { BranchOffice } from '../office.ts';
import type { ServedContent } from '../served-content.ts';

/** Another program that does the same work. */
export interface OtherProgram {
  readonly name: string;
  /** What has to be installed. */
  readonly needs: readonly string[];
  /** Prepares all hosts before the clock starts. */
  readonly prepare: (site: OtherSite) => Promise<PreparedProgram>;
}

export interface OtherSite {
  readonly office: BranchOffice;
  readonly content: ServedContent;
}

export interface PreparedProgram extends AsyncDisposable {
  /** Has a host fetch the content to a file, to its end. */
  readonly fetch: (host: LanHost, path: string) => Promise<void>;
}
