import { checkModelled, fileNumberOf, pathsOf, refuse } from './call-arguments.ts';
import { LiveTree } from './live-tree.ts';
import type { Place } from './live-tree.ts';
import type { Inode, NameChange, Operation } from './operations.ts';
import { PROMISE } from './promised.ts';
import { bytesOf } from './strace-log.ts';
import type { CallStep, SystemCall } from './strace-log.ts';

interface OpenedFile {
  readonly inode: Inode;
  readonly flags: string;
  /** Where `write` goes on; only right for files that are never read from. */
  position: number;
}

/** Makes the list of operations from the system calls of one process and its threads. */
export class WatchedFiles {
  readonly operations: Operation[] = [];
  readonly #tree: LiveTree;
  readonly #files = new Map<string, OpenedFile>();
  readonly #sizes = new Map<Inode, number>();
  /** By thread: how many operations were done when the call began that it is in. */
  readonly #doneBefore = new Map<string, number>();
  #programs = 0;

  constructor(folder: string) {
    this.#tree = new LiveTree(folder);
  }

  /** @throws {Error} for a call that changes a watched file in a way that isn't modelled */
  take({ phase, call }: CallStep): void {
    if (phase === 'entered') this.#entered(call);
    else if (call.result !== undefined && call.result >= 0) this.#returned(call, call.result);
    else if (/^f(data)?sync$/.test(call.name) && this.#fileOf(call)) refuse(call, 'that failed');
  }

  #entered(call: SystemCall): void {
    this.#doneBefore.set(call.thread, this.operations.length);
    const fileNumber = fileNumberOf(call.args[0]) ?? '';
    // At once: by the time that it returns, another thread may have been given the number.
    if (call.name === 'close') this.#files.delete(fileNumber);
    if (call.name === 'write' && fileNumber === '1') this.#promise(call);
  }

  #promise({ strings: [hex = ''] }: SystemCall): void {
    const text = bytesOf(hex).toString();
    if (!text.startsWith(PROMISE)) return;
    this.operations.push({ kind: 'promise', text: text.slice(PROMISE.length).trimEnd() });
  }

  #returned(call: SystemCall, result: number): void {
    if (call.name === 'execve' && ++this.#programs > 1) refuse(call, 'of a second program');
    const file = this.#fileOf(call);
    if (file) checkModelled(call);
    if (/^(write|writev|pwrite.*)$/.test(call.name)) this.#writeTo(file, call, result);
    else if (call.strings.length > 0) this.#onPaths(call, result);
    else if (file) this.#onFile(call, file, result);
  }

  #onFile({ name, args, thread }: SystemCall, file: OpenedFile, result: number): void {
    const { inode } = file;
    const last = Number(args.at(-1));
    if (name === 'lseek') file.position = result;
    else if (name === 'ftruncate') this.#resize(inode, last);
    else if (name === 'fsync' || name === 'fdatasync') {
      this.operations.push({ kind: 'sync', inode, before: this.#doneBefore.get(thread) ?? 0 });
    } else if (name === 'fallocate' && args[1] === '0') {
      const endByte = Number(args[2]) + last;
      if (endByte > this.#sizeOf(inode)) this.#resize(inode, endByte);
    }
  }

  #writeTo(file: OpenedFile | undefined, call: SystemCall, sizeBytes: number): void {
    if (file === undefined) return;
    const startByte = this.#startOf(file, call);
    const bytes = Buffer.concat(call.strings.map((hex) => bytesOf(hex))).subarray(0, sizeBytes);
    if (bytes.length < sizeBytes) refuse(call, 'whose bytes are not all in the log');
    this.operations.push({ kind: 'write', inode: file.inode, startByte, bytes });
    const endByte = startByte + sizeBytes;
    this.#sizes.set(file.inode, Math.max(this.#sizeOf(file.inode), endByte));
    if (!call.name.startsWith('p')) file.position = endByte;
  }

  #startOf({ inode, flags, position }: OpenedFile, call: SystemCall): number {
    if (call.name.startsWith('p')) return Number(call.args.at(call.name === 'pwritev2' ? -2 : -1));
    if (flags.includes('O_APPEND')) return this.#sizeOf(inode);
    // Reads, which aren't recorded, move the position too.
    if (flags.includes('O_RDWR')) refuse(call, 'without a position');
    return position;
  }

  #onPaths(call: SystemCall, result: number): void {
    const [path = '', otherPath = ''] = pathsOf(call);
    const [from, to] = [this.#tree.place(path), this.#tree.place(otherPath)];
    const { name } = call;
    if (from ?? to) checkModelled(call);
    if (/^(open|openat|creat)$/.test(name)) this.#open(call, path, result);
    else if (/^(rename|link)/.test(name) && (from ?? to)) this.#move(call, from, to);
    else if (from === undefined) return;
    else if (name === 'truncate' && from.target) this.#resize(from.target, Number(call.args[1]));
    else if (name.startsWith('mkdir')) this.#make(call, from, true);
    else if (/^(rmdir|unlink)/.test(name)) this.#change(call, [{ ...from, target: undefined }]);
  }

  #open(call: SystemCall, path: string, result: number): void {
    const place = this.#tree.place(path);
    if (place && place.target === undefined) this.#make(call, place, false);
    const inode = this.#tree.find(path);
    if (inode === undefined) return;
    const flags = call.name === 'creat' ? 'O_WRONLY|O_TRUNC' : call.args.join(' ');
    this.#files.set(String(result), { inode, flags, position: 0 });
    if (flags.includes('O_TRUNC') && this.#sizeOf(inode) > 0) this.#resize(inode, 0);
  }

  #make(call: SystemCall, place: Place, isFolder: boolean): void {
    this.#change(call, [{ ...place, target: this.#tree.create(isFolder) }]);
  }

  #move(call: SystemCall, from: Place | undefined, to: Place | undefined): void {
    if (!from?.target || to === undefined) return refuse(call, 'across the watched folder');
    // Two names of one file: nothing happens.
    if (from.target === to.target) return;
    const there = { ...to, target: from.target };
    const isLink = call.name.startsWith('link');
    this.#change(call, isLink ? [there] : [{ ...from, target: undefined }, there]);
  }

  #change({ name }: SystemCall, changes: readonly NameChange[]): void {
    this.#tree.apply(changes);
    this.operations.push({ kind: 'names', call: name, changes });
  }

  #resize(inode: Inode, sizeBytes: number): void {
    this.operations.push({ kind: 'resize', inode, sizeBytes });
    this.#sizes.set(inode, sizeBytes);
  }

  /** The watched file that the call works on: what it maps, where several are named any of them. */
  #fileOf({ args, strings }: SystemCall): OpenedFile | undefined {
    // With a path, it is only the folder where that starts.
    const numbers = (strings.length > 0 ? args.slice(0, 1) : args).map((arg) => fileNumberOf(arg));
    for (const number of numbers) {
      const file = number === undefined ? undefined : this.#files.get(number);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  #sizeOf(inode: Inode): number {
    return this.#sizes.get(inode) ?? 0;
  }
}
