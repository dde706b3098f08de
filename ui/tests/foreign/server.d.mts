export declare const program: string | undefined;
export declare const serverUnavailable: false | string;
export declare const guardMs: number;

export declare class Server {
  static launch(...flags: string[]): Promise<Server>;
  get url(): string;
  start(): Promise<void>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  remove(): Promise<void>;
}

export declare function eventually<T>(
  condition: string,
  poll: () => T | Promise<T>,
  limitMs?: number,
): Promise<NonNullable<Awaited<T>>>;
