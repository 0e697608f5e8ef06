import { PeerCacheError } from '@peer-cache/core';

/** A file was written to while it was read: what was read is neither its old nor its new state. */
export class ContentChangedError extends PeerCacheError {
  readonly code = 'CONTENT_CHANGED';
  override readonly transient = true;
  /** What Fastify answers with where nothing better can be done: asked again later, it may work. */
  readonly statusCode = 503;

  constructor(path: string) {
    super(`${path} changed while it was read; publish it again once nothing writes to it`);
  }
}

/** A file that is to be served or published can't be opened or read. */
export class ContentUnreadableError extends PeerCacheError {
  readonly code = 'CONTENT_UNREADABLE';

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} can't be read${reasonOf(options)}; check its permissions and disk`, options);
  }
}

/** The folder to serve or publish is missing or no folder. */
export class FolderNotFoundError extends PeerCacheError {
  readonly code = 'FOLDER_NOT_FOUND';

  constructor(folder: string, options?: ErrorOptions) {
    super(`${folder} is no folder that can be opened${reasonOf(options)}; check the path`, options);
  }
}

/** The file with the server secret is one that others may know or have made. */
export class ServerSecretUnsafeError extends PeerCacheError {
  readonly code = 'SERVER_SECRET_UNSAFE';

  constructor(path: string, reason: string, remedy: string) {
    super(`the server secret ${path} ${reason}; ${remedy}`);
  }
}

/** The state folder, which keeps the server secret and hashes, can't be read or written. */
export class StateFolderUnusableError extends PeerCacheError {
  readonly code = 'STATE_FOLDER_UNUSABLE';

  constructor(path: string, options?: ErrorOptions) {
    super(
      `${path} can't be used${reasonOf(options)}; check its permissions and free space`,
      options,
    );
  }
}

/** Beside a content lies a file under the name of its sidecar that is none of ours. */
export class SidecarNameTakenError extends PeerCacheError {
  readonly code = 'SIDECAR_NAME_TAKEN';

  constructor(path: string) {
    super(`${path} exists and holds no content information; rename it to publish its neighbour`);
  }
}

/** A sidecar can't be written or removed. */
export class SidecarUnwritableError extends PeerCacheError {
  readonly code = 'SIDECAR_UNWRITABLE';

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} can't be written${reasonOf(options)}; check the folder's permissions`, options);
  }
}

/** The origin can't listen where it was told to. */
export class OriginAddressUnavailableError extends PeerCacheError {
  readonly code = 'ORIGIN_ADDRESS_UNAVAILABLE';

  constructor(host: string, port: number, options?: ErrorOptions) {
    super(`can't listen on ${host} port ${port}${reasonOf(options)}; choose another`, options);
  }
}

/** A client accepts nothing but content information, and this content has none. */
export class NoContentInformationError extends PeerCacheError {
  readonly code = 'NO_CONTENT_INFORMATION';
  readonly statusCode = 406;

  constructor() {
    super('this content has no content information; accept its own media type too');
  }
}

/** A client accepts nothing but content information, and the content is still being hashed. */
export class ContentBeingHashedError extends PeerCacheError {
  readonly code = 'CONTENT_BEING_HASHED';
  override readonly transient = true;
  readonly statusCode = 503;

  constructor() {
    super('this content is still being hashed; ask again in some seconds');
  }
}

function reasonOf(options: ErrorOptions | undefined): string {
  return options?.cause instanceof Error ? ` (${options.cause.message})` : '';
}
