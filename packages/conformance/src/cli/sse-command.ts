import { Command } from "@commander-js/extra-typings";
import { check } from "../core/checks.ts";
import { jsonSseProfile, sseProfile } from "../profiles/sse/profile.ts";
import type { SseStream } from "../stream/sse-stream.ts";
import type { Finish } from "./commands.ts";
import {
  formatOption,
  header,
  httpUrl,
  jsonOption,
  junitOption,
  wholeNumber,
  onlyOption,
  patienceOption,
} from "./options.ts";
import { judge } from "./output.ts";

export const sseCommand = (finish: Finish) =>
  new Command("sse")
    .description("any endpoint that streams: headers, format, order, buffering, heartbeats, reconnect, Last-Event-ID")
    .argument("<url>", "the endpoint", httpUrl)
    .option("--header <header>", "a header of every request, `Name: value`; may be repeated", header)
    .option("--listen-ms <ms>", "how long to listen for what comes by itself", wholeNumber, 3_000)
    .option("--heartbeat-ms <ms>", "the heartbeat that the server promises", wholeNumber, 15_000)
    .option("--json-data", "all data is to be JSON, and all events are to have names")
    .option("--trigger <url>", "a POST to this URL makes the server send one more event", httpUrl)
    .option("--trigger-body <json>", "the body of that POST", "{}")
    .option("--subscribe <json>", "POST this to the endpoint once a stream has greeted; $ID is its first event's id")
    .addOption(onlyOption)
    .addOption(patienceOption)
    .addOption(formatOption)
    .addOption(jsonOption)
    .addOption(junitOption)
    .action(async (url, options) => {
      const { header: headers = {}, listenMs, heartbeatMs, jsonData, trigger, triggerBody, subscribe } = options;
      const target = {
        url,
        headers,
        listenMs,
        heartbeatMs,
        ...(trigger !== undefined && { trigger: () => post(trigger, triggerBody, headers) }),
        ...(subscribe !== undefined && {
          prepare: (stream: SseStream) => subscribeWith(stream, url, subscribe, headers),
        }),
      };
      finish(await judge(jsonData ? jsonSseProfile : sseProfile, target, url, options));
    });

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

async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  check(response.ok, `POST ${url}: ${response.status} ${await response.text()}`);
}
