export {
  decodeBlocksRequest,
  decodeFrameHeader,
  encodeBlocksRequest,
  encodeFrameHeader,
  FRAME_HEADER_BYTES,
} from './blocks.ts';
export type { BlockRun, BlocksQuestion, BlocksRequest, FrameHeader } from './blocks.ts';
export type { BytesBySource } from './bytes-by-source.ts';
export type * from './control.ts';
export type { Failure } from './failure.ts';
export type * from './job-files.ts';
export type * from './jobs.ts';
export { COST_POLICIES, NETWORK_COSTS } from './network-cost.ts';
export type { CostPolicy, NetworkCost } from './network-cost.ts';
export { MalformedMessageError } from './errors.ts';
export {
  answerHello,
  checkHelloResponse,
  decodeHelloRequest,
  decodeHelloResponse,
  encodeHelloRequest,
  encodeHelloResponse,
} from './hello.ts';
export type { HelloRequest, HelloResponse } from './hello.ts';
export {
  BLOCKS_PER_RUN,
  LEAST_PORT,
  MOST_CLAIMS_TOLD,
  MOST_PEERS_TOLD,
  MOST_REQUEST_BYTES,
  MOST_RESPONSE_BYTES,
  MOST_SEGMENTS_PER_REQUEST,
  MOST_WAIT_MS,
} from './limits.ts';
export {
  decodeFindRequest,
  decodeFoundPeers,
  decodeKeepAnswer,
  decodeKeepRequest,
  encodeFindRequest,
  encodeFoundPeer,
  encodeKeepAnswer,
  encodeKeepRequest,
  FOUND_TYPE,
  LOCAL_HOST,
  MACHINE_FIND_PATH,
  MACHINE_KEEP_PATH,
  MOST_FOUND_PEERS,
  MOST_KEEP_BYTES,
} from './machine.ts';
export type {
  FindRequest,
  FoundPeers,
  KeepAnswer,
  KeepRequest,
  LanLookup,
  LanPeer,
} from './machine.ts';
export {
  BLOCKS_PATH,
  BLOCKS_TYPE,
  HELLO_PATH,
  MESSAGE_TYPE,
  PROTOCOL_VERSION,
  RETRY_MS_HEADER,
  STATE_PATH,
  VERSION_HEADER,
} from './paths.ts';
export { isSignature, peerIdOf, PeerIdentity } from './peer-identity.ts';
export {
  decodeStateRequest,
  decodeStateResponse,
  encodeStateRequest,
  encodeStateResponse,
} from './state.ts';
export type {
  Claim,
  ClaimKind,
  SegmentState,
  Standing,
  StateQuestion,
  StateRequest,
  StateResponse,
  ToldPeer,
} from './state.ts';
export { decodeWanNotice, encodeWanNotice, MOST_NOTICE_BYTES } from './wan-notice.ts';
export type { WanNotice, WanUse } from './wan-notice.ts';
