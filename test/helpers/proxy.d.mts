export class Proxy {
  readonly received: number;
  readonly sent: number;
  readonly attempts: number;
  /** Requests of HTTP/1.1 that went to the server. */
  readonly requests: number;
  static to(target: number, port?: number): Promise<Proxy>;
  get port(): number;
  get url(): string;
  get connections(): number;
  retarget(port: number): void;
  cut(): void;
  refuse(): void;
  pause(): void;
  resume(): void;
  strand(): void;
  slow(bytesPerSecond: number): void;
  delay(ms: number): void;
  garble(change: (bytes: Buffer) => Buffer): void;
  truncate(bytes: number): void;
  heal(): void;
  close(): Promise<void>;
}
export function flips(every: number, random?: () => number): (bytes: Buffer) => Buffer;
