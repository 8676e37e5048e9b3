export function killRounds(settings: {
  readonly rounds: number;
  readonly seed: number;
}): Promise<{ readonly writes: number; readonly operations: number; readonly faults: readonly string[] }>;
