import { Command } from "@commander-js/extra-typings";
import { versionProfile } from "../profiles/version/profile.ts";
import type { SetExitCode } from "./exit-code.ts";
import { header, httpUrl, addServerOptions, wholeNumber } from "./options.ts";
import { runAndReport, withServer } from "./run-and-report.ts";

export const versionCommand = (setExitCode: SetExitCode) =>
  addServerOptions(
    new Command("version")
      .description("Tests the version stream: GET /api/utils/version/stream.")
      .argument("<url>", "the server's URL", httpUrl)
      .option("--header <header>", "a header for every request, `Name: value`; repeatable", header)
      .option("--heartbeat-ms <ms>", "the server's heartbeat interval (SSE_HEARTBEAT_INTERVAL)", wholeNumber, 5_000),
  ).action((url, { header: headers = {}, ...options }) =>
    withServer(url, options, async (address) =>
      setExitCode(await runAndReport(versionProfile, { url: address, headers }, address, options)),
    ),
  );
