import { encodeCbor, NONCE_BYTES } from '@peer-cache/core';
import { Fields } from './checks.ts';
import { MalformedMessageError } from './errors.ts';
import { LEAST_PORT } from './limits.ts';
import { PROTOCOL_VERSION } from './paths.ts';
import { isSignature, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './peer-identity.ts';
import type { PeerIdentity } from './peer-identity.ts';

const MOST_VERSIONS = 16;

/** The first message on a connection: what the caller speaks and where it can be reached. */
export interface HelloRequest {
  readonly versions: readonly number[];
  readonly clientNonce: Uint8Array;
  /** Where the caller serves on the address it calls from; 0 if it does not. */
  readonly port: number;
}

/** The answer: proves a key over both nonces and the address that the caller dialled. */
export interface HelloResponse {
  readonly version: number;
  readonly serverNonce: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeHelloRequest(request: HelloRequest): Uint8Array {
  return encodeCbor(request);
}

/** @throws {MalformedMessageError} */
export function decodeHelloRequest(bytes: Uint8Array): HelloRequest {
  const fields = Fields.decode('hello', bytes);
  const port = fields.wholeNumber('port', 0, 65_535);
  if (port !== 0 && port < LEAST_PORT) fields.fail('port', `below ${LEAST_PORT}`);
  return {
    versions: fields.wholeNumbers('versions', 1, 255, MOST_VERSIONS),
    clientNonce: fields.bytes('clientNonce', NONCE_BYTES),
    port,
  };
}

export function encodeHelloResponse(response: HelloResponse): Uint8Array {
  return encodeCbor(response);
}

/** @throws {MalformedMessageError} */
export function decodeHelloResponse(bytes: Uint8Array): HelloResponse {
  const fields = Fields.decode('hello answer', bytes);
  return {
    version: fields.wholeNumber('version', 1, 255),
    serverNonce: fields.bytes('serverNonce', NONCE_BYTES),
    publicKey: fields.bytes('publicKey', PUBLIC_KEY_BYTES),
    signature: fields.bytes('signature', SIGNATURE_BYTES),
  };
}

/** `host` is the `Host` of the request: address and port of the server as the caller dialled them. */
export function answerHello(
  request: HelloRequest,
  identity: PeerIdentity,
  { serverNonce, host }: { readonly serverNonce: Uint8Array; readonly host: string },
): HelloResponse {
  const { publicKey } = identity;
  const signature = identity.sign(signedBytes(request.clientNonce, serverNonce, host));
  return { version: PROTOCOL_VERSION, serverNonce, publicKey, signature };
}

/**
 * Checks that the answer comes from the holder of the key it names, to this very call.
 *
 * @throws {MalformedMessageError} when version or signature are not right.
 */
export function checkHelloResponse(
  response: HelloResponse,
  clientNonce: Uint8Array,
  host: string,
): void {
  if (response.version !== PROTOCOL_VERSION) {
    throw new MalformedMessageError('hello answer', `version ${response.version} was not offered`);
  }
  const signed = signedBytes(clientNonce, response.serverNonce, host);
  if (!isSignature(response.publicKey, signed, response.signature)) {
    throw new MalformedMessageError('hello answer', 'signature is wrong');
  }
}

function signedBytes(clientNonce: Uint8Array, serverNonce: Uint8Array, host: string): Uint8Array {
  return Buffer.concat([
    Buffer.from('peer-cache v1 hello\0'),
    clientNonce,
    serverNonce,
    Buffer.from(host),
  ]);
}
