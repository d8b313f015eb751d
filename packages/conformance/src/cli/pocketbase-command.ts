import { Command } from "@commander-js/extra-typings";
import { runInBrowser } from "../browser/run-in-browser.ts";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import type { SetExitCode } from "./exit-code.ts";
import { account, browserProgram, httpUrl, addServerOptions, wholeNumber } from "./options.ts";
import { runAndReport, reportRun, withServer } from "./run-and-report.ts";

export const pocketbaseCommand = (setExitCode: SetExitCode) =>
  addServerOptions(
    new Command("pocketbase")
      .description("Tests 25 behaviours of a server that speaks PocketBase's realtime protocol.")
      .argument("<url>", "the server's URL", httpUrl)
      .requiredOption(
        "--superuser <email:password>",
        "the account that creates and removes the test collections",
        account,
      )
      .option("--heartbeat-ms <ms>", "the server's heartbeat interval", wholeNumber, 20_000)
      .option("--connections <count>", "how many streams to open at once", wholeNumber, 100)
      .option("--browser [program]", "run the cases in a headless Chromium"),
  ).action((url, { superuser, connections, browser, ...output }, self) =>
    withServer(url, output, async (address) => {
      const target = { url: address, superuser, connections };
      if (browser === undefined) return setExitCode(await runAndReport(pocketbaseProfile, target, address, output));
      const program = browserProgram(browser, self);
      setExitCode(await reportRun(pocketbaseProfile, address, output, (run) => runInBrowser(program, target, run)));
    }),
  );
