import { Command } from "@commander-js/extra-typings";
import { jsonSseProfile, sseProfile } from "../profiles/sse/profile.ts";
import type { SseStream } from "../stream/sse-stream.ts";
import type { SetExitCode } from "./exit-code.ts";
import { header, httpUrl, jsonText, addServerOptions, wholeNumber } from "./options.ts";
import { runAndReport, withServer } from "./run-and-report.ts";
import { post } from "./post.ts";

export const sseCommand = (setExitCode: SetExitCode) =>
  addServerOptions(
    new Command("sse")
      .description("Tests any SSE endpoint: headers, format, order, buffering, heartbeats, reconnects, Last-Event-ID.")
      .argument("<url>", "the endpoint's URL", httpUrl)
      .option("--header <header>", "a header for every request, `Name: value`; repeatable", header)
      .option("--listen-ms <ms>", "how long to wait for events that the server sends by itself", wholeNumber, 3_000)
      .option("--heartbeat-ms <ms>", "the server's heartbeat interval", wholeNumber, 15_000)
      .option("--json-data", "require JSON data and event names")
      .option("--trigger <url>", "POST to this URL to make the server send one more event", httpUrl)
      .option("--trigger-body <json>", "the body of that POST", jsonText, "{}")
      .option(
        "--subscribe <json>",
        "POST this JSON to the endpoint after a stream's first event; $ID is that event's id",
      ),
  ).action((url, { header: headers = {}, jsonData, ...options }) =>
    withServer(url, options, async (address) => {
      const { trigger, triggerBody, subscribe } = options;
      const target = {
        url: address,
        headers,
        ...(trigger !== undefined && {
          trigger: () => post(trigger.replaceAll("{port}", new URL(address).port), triggerBody, headers),
        }),
        ...(subscribe !== undefined && {
          prepare: (stream: SseStream) => subscribeWith(stream, address, subscribe, headers),
        }),
      };
      setExitCode(await runAndReport(jsonData ? jsonSseProfile : sseProfile, target, address, options));
    }),
  );

/** Subscribes as in PocketBase: the first event has an id, and a POST with that id sets the subscriptions. */
async function subscribeWith(
  stream: SseStream,
  url: string,
  template: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await stream.until(([first]) => first !== undefined, "the first event");
  await post(url, template.replaceAll("$ID", stream.events.items[0]!.lastEventId), headers);
}
