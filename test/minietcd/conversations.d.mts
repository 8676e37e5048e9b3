export interface Plain {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

export const conversations: Readonly<Record<string, string>>;
export function plainAnswers(text: string): readonly Plain[];
