import { Command } from "@commander-js/extra-typings";
import { replicacheStreamProfile } from "../profiles/replicache-stream/profile.ts";
import type { SetExitCode } from "./exit-code.ts";
import { httpUrl, addServerOptions, wholeNumber } from "./options.ts";
import { runAndReport, withServer } from "./run-and-report.ts";

export const replicacheStreamCommand = (setExitCode: SetExitCode) =>
  addServerOptions(
    new Command("replicache-stream")
      .description(
        "Tests the stream that tells Replicache clients to pull: /api/v1/replicache/stream, poke-user, stats.",
      )
      .argument("<url>", "the server's URL", httpUrl)
      .requiredOption("--token <token>", "a user's token")
      .option("--other-token <token>", "another user's token")
      .option("--ping-ms <ms>", "the server's ping interval", wholeNumber, 30_000),
  ).action((url, { token, otherToken, pingMs: heartbeatMs, ...options }) =>
    withServer(url, options, async (address) => {
      const target = { url: address, token, ...(otherToken !== undefined && { otherToken }) };
      setExitCode(await runAndReport(replicacheStreamProfile, target, address, { ...options, heartbeatMs }));
    }),
  );
