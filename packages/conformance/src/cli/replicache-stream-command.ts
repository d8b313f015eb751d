import { Command } from "@commander-js/extra-typings";
import { replicacheStreamProfile } from "../profiles/replicache-stream/profile.ts";
import type { Finish } from "./commands.ts";
import { httpUrl, judging, wholeNumber } from "./options.ts";
import { judge, withServer } from "./output.ts";

export const replicacheStreamCommand = (finish: Finish) =>
  judging(
    new Command("replicache-stream")
      .description("the stream that tells clients of Replicache to pull: /api/v1/replicache/stream, poke-user, stats")
      .argument("<url>", "the server", httpUrl)
      .requiredOption("--token <token>", "a user's")
      .option("--other-token <token>", "another user's")
      .option("--ping-ms <ms>", "how often a stream is pinged", wholeNumber, 30_000),
  ).action((url, { token, otherToken, pingMs, ...options }) =>
    withServer(url, options, async (address) => {
      const target = { url: address, token, pingMs, ...(otherToken !== undefined && { otherToken }) };
      finish(await judge(replicacheStreamProfile, target, address, options));
    }),
  );
