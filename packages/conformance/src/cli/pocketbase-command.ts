import { Command } from "@commander-js/extra-typings";
import { runInBrowser } from "../browser/run-in-browser.ts";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import type { Finish } from "./commands.ts";
import { account, browserProgram, httpUrl, judging, wholeNumber } from "./options.ts";
import { judge, report, withServer } from "./output.ts";

export const pocketbaseCommand = (finish: Finish) =>
  judging(
    new Command("pocketbase")
      .description("25 behaviours of a server that speaks PocketBase's realtime protocol, with a client that listens")
      .argument("<url>", "the server", httpUrl)
      .requiredOption("--superuser <email:password>", "makes and removes the collections that are needed", account)
      .option("--heartbeat-ms <ms>", "the heartbeat that the server promises", wholeNumber, 20_000)
      .option("--connections <count>", "streams that may be open at once", wholeNumber, 100)
      .option("--browser [program]", "runs within a headless Chromium instead of here"),
  ).action((url, { superuser, heartbeatMs, connections, browser, ...output }, self) =>
    withServer(url, output, async (address) => {
      const target = { url: address, superuser, heartbeatMs, connections };
      if (browser === undefined) return finish(await judge(pocketbaseProfile, target, address, output));
      const program = browserProgram(browser, self);
      finish(await report(pocketbaseProfile, address, output, (run) => runInBrowser(program, target, run)));
    }),
  );
