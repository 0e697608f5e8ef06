export const HELLO_PATH = '/peer-cache/1/hello';
export const STATE_PATH = '/peer-cache/1/state';
export const BLOCKS_PATH = '/peer-cache/1/blocks';

export const PROTOCOL_VERSION = 1;
/** Sent with every request: a header that no web page can send across origins unasked. */
export const VERSION_HEADER = 'peer-cache-version';
/** How long a busy peer asks to be left alone, in milliseconds; `Retry-After` knows only seconds. */
export const RETRY_MS_HEADER = 'peer-cache-retry-ms';

export const MESSAGE_TYPE = 'application/cbor';
export const BLOCKS_TYPE = 'application/vnd.peer-cache.blocks';
