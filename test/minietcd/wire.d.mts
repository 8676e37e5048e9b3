export interface Step {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export function parseStep(line: string | readonly [string, Record<string, string>], index: number): Step;
export function exchange(address: Place, step: Step): Promise<Answer>;
export function exchangeAs(own: Readonly<Record<string, string>>, address: Place, send: Step): Promise<Answer>;
export function ownWords(address: Place): Promise<Record<string, string>>;
export function converse(address: Place, bytes: string): Promise<string>;
