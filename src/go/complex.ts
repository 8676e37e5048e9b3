import type { Type, Typed } from './value.ts';

/** A complex number of a type of kind complex64 or complex128. */
export class Complex implements Typed {
  constructor(
    readonly type: Type,
    readonly real: number,
    readonly imaginary: number,
  ) {}
}

/** Go's complex128, the type of an imaginary literal. */
export const Complex128Type: Type = { kind: 'complex128', name: 'complex128' };
