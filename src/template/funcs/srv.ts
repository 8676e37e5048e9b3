import { Num, Pointer, pointerTo, StringType, Uint16Type } from '../../go/value.ts';
import type { Field, Struct, Type, Typed } from '../../go/value.ts';

/** A DNS service record, as in Go's net package. */
export class SRV implements Typed {
  constructor(
    /** With the dot at its end; a byte string. */
    readonly target: string,
    readonly port: number,
    readonly priority: number,
    readonly weight: number,
  ) {}

  get type(): Type {
    return SRVType;
  }

  /** The sort key of records: the text without separators, so port 10 comes before port 9. */
  get text(): string {
    return `${this.target}${this.port}${this.priority}${this.weight}`;
  }
}

const recordOf = (struct: Struct): SRV => struct as unknown as SRV;

function numberField(name: string, get: (of: SRV) => number): Field {
  return { name, type: Uint16Type, get: (of) => new Num(Uint16Type, BigInt(get(recordOf(of)))) };
}

const SRVType: Type = {
  kind: 'struct',
  name: 'net.SRV',
  fields: [
    { name: 'Target', type: StringType, get: (of) => recordOf(of).target },
    numberField('Port', (of) => of.port),
    numberField('Priority', (of) => of.priority),
    numberField('Weight', (of) => of.weight),
  ],
};

export const SRVPointerType: Type = pointerTo(SRVType);

/** A pointer to a record: the element type of lookupSRV's list. */
export function pointerToSRV(record: SRV): Pointer {
  return new Pointer(SRVPointerType, record);
}
