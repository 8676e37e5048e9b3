export interface Operation {
  readonly kind: 'read' | 'write' | 'swap';
  readonly from?: string;
  readonly to?: string;
  readonly result?: string | boolean;
  readonly start: number;
  readonly end?: number;
}
export function isLinearizable(history: readonly Operation[], initial: string): boolean;
