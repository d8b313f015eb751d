import { Command } from "@commander-js/extra-typings";
import { versionProfile } from "../profiles/version/profile.ts";
import type { Finish } from "./commands.ts";
import { header, httpUrl, judging, wholeNumber } from "./options.ts";
import { judge, withServer } from "./output.ts";

export const versionCommand = (finish: Finish) =>
  judging(
    new Command("version")
      .description("the stream of the version that is deployed: GET /api/utils/version/stream")
      .argument("<url>", "the server", httpUrl)
      .option("--header <header>", "a header of every request, `Name: value`; may be repeated", header)
      .option("--heartbeat-ms <ms>", "SSE_HEARTBEAT_INTERVAL", wholeNumber, 5_000),
  ).action((url, { header: headers = {}, heartbeatMs, ...options }) =>
    withServer(url, options, async (address) =>
      finish(await judge(versionProfile, { url: address, headers, heartbeatMs }, address, options)),
    ),
  );
