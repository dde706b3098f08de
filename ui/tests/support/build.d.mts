export class Build {
  static of(mode: "app" | "web"): Promise<Build>;
  bytesWith(...parts: string[]): Promise<number>;
  remove(): Promise<void>;
}
