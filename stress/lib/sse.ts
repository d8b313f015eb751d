import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import type { Transport } from "./listener.ts";

export const sse: Transport = (url, since, channel) => {
  if (since === undefined) return SseClient.connect(url);
  return channel === "header"
    ? SseClient.connect(url, { "Last-Event-ID": since })
    : SseClient.connect(url, {}, `?since=${since}`);
};
