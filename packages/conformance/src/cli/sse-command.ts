import { Command } from "@commander-js/extra-typings";
import { jsonSseProfile, sseProfile } from "../profiles/sse/profile.ts";
import type { SseStream } from "../stream/sse-stream.ts";
import type { Finish } from "./commands.ts";
import { header, httpUrl, jsonText, judging, wholeNumber } from "./options.ts";
import { judge, withServer } from "./output.ts";
import { post } from "./post.ts";

export const sseCommand = (finish: Finish) =>
  judging(
    new Command("sse")
      .description("any endpoint that streams: headers, format, order, buffering, heartbeats, reconnect, Last-Event-ID")
      .argument("<url>", "the endpoint", httpUrl)
      .option("--header <header>", "a header of every request, `Name: value`; may be repeated", header)
      .option("--listen-ms <ms>", "how long to listen for what comes by itself", wholeNumber, 3_000)
      .option("--heartbeat-ms <ms>", "the heartbeat that the server promises", wholeNumber, 15_000)
      .option("--json-data", "all data is to be JSON, and all events are to have names")
      .option("--trigger <url>", "a POST to this URL makes the server send one more event", httpUrl)
      .option("--trigger-body <json>", "the body of that POST", jsonText, "{}")
      .option("--subscribe <json>", "POST this to the endpoint once a stream has greeted; $ID is its first event's id"),
  ).action((url, { header: headers = {}, listenMs, heartbeatMs, jsonData, ...options }) =>
    withServer(url, options, async (address) => {
      const { trigger, triggerBody, subscribe } = options;
      const target = {
        url: address,
        headers,
        listenMs,
        heartbeatMs,
        ...(trigger !== undefined && {
          trigger: () => post(trigger.replaceAll("{port}", new URL(address).port), triggerBody, headers),
        }),
        ...(subscribe !== undefined && {
          prepare: (stream: SseStream) => subscribeWith(stream, address, subscribe, headers),
        }),
      };
      finish(await judge(jsonData ? jsonSseProfile : sseProfile, target, address, options));
    }),
  );

/** PocketBase's way: the stream greets with an id, and a POST with that id says what it is to carry. */
async function subscribeWith(
  stream: SseStream,
  url: string,
  template: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await stream.until(([first]) => first !== undefined, "the event that greets");
  await post(url, template.replaceAll("$ID", stream.events.items[0]!.lastEventId), headers);
}
