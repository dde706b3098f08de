export class Build {
  static make(mode: "app" | "web"): Promise<Build>;
  startBytes(...components: string[]): Promise<number>;
  remove(): Promise<void>;
}
