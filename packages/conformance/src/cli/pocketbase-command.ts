import { Command } from "@commander-js/extra-typings";
import { runInBrowser } from "../browser/run-in-browser.ts";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import type { Finish } from "./commands.ts";
import {
  browserProgram,
  account,
  formatOption,
  httpUrl,
  jsonOption,
  junitOption,
  wholeNumber,
  onlyOption,
  patienceOption,
} from "./options.ts";
import { judge, report } from "./output.ts";

export const pocketbaseCommand = (finish: Finish) =>
  new Command("pocketbase")
    .description("25 behaviours of a server that speaks PocketBase's realtime protocol, with a client that listens")
    .argument("<url>", "the server", httpUrl)
    .requiredOption("--superuser <email:password>", "makes and removes the collections that are needed", account)
    .option("--heartbeat-ms <ms>", "the heartbeat that the server promises", wholeNumber, 20_000)
    .option("--connections <count>", "streams that may be open at once", wholeNumber, 100)
    .option("--browser [program]", "runs within a headless Chromium instead of here")
    .addOption(onlyOption)
    .addOption(patienceOption)
    .addOption(formatOption)
    .addOption(jsonOption)
    .addOption(junitOption)
    .action(async (url, { superuser, heartbeatMs, connections, browser, ...output }, self) => {
      const target = { url, superuser, heartbeatMs, connections };
      if (browser === undefined) return finish(await judge(pocketbaseProfile, target, url, output));
      const program = browserProgram(browser, self);
      finish(await report(pocketbaseProfile, url, output, (run) => runInBrowser(program, target, run)));
    });
