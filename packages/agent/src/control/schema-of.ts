import { Type } from 'typebox';
import type { Static, TSchema, TUnsafe } from 'typebox';

/** A type as JSON carries it: without `readonly`, and with absent keys instead of undefined ones. */
type Sent<T> = { -readonly [K in keyof T]: Sent<Exclude<T[K], undefined>> };

/** The same with every key there: one that may be absent, and that the other type lacks, would fit. */
type Whole<T> = { -readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> };

type Fits<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;
type Same<A, B> = Fits<Sent<A>, Sent<B>> & Fits<Whole<A>, Whole<B>>;

/**
 * The schema of exactly `T`: what lets through anything else than a `T` of the protocol, or lacks
 * a key of it, does not compile.
 */
export function schemaOf<T>(): <S extends TSchema>(schema: S & Same<Static<S>, T>) => TUnsafe<T> {
  return (schema) => Type.Unsafe<T>(schema);
}
