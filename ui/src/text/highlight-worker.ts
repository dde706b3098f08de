import { highlight } from "./highlight-code";
import type { HighlightRequest } from "./highlighter";

addEventListener("message", ({ data }: MessageEvent<HighlightRequest>) => {
  postMessage(highlight(data.info, data.code));
});
// Loading takes longer than a request may: time is counted from here on.
postMessage("ready");
