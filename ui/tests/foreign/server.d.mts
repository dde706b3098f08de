export declare const program: string | undefined;
export declare const skip: false | string;

export declare class Server {
  static start(...flags: string[]): Promise<Server>;
  get url(): string;
  up(): Promise<void>;
  down(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  remove(): Promise<void>;
}

export declare function eventually<T>(
  what: string,
  withinMs: number,
  ask: () => T | Promise<T>,
): Promise<NonNullable<Awaited<T>>>;
