export class Build {
  static make(mode: "app" | "web"): Promise<Build>;
  startBytes(...components: string[]): Promise<number>;
  startFonts(): Promise<number[]>;
  read(file: string): Promise<string>;
  remove(): Promise<void>;
}
