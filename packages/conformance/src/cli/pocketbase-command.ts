import { Command } from "@commander-js/extra-typings";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import type { Finish } from "./commands.ts";
import {
  account,
  formatOption,
  httpUrl,
  jsonOption,
  junitOption,
  wholeNumber,
  onlyOption,
  patienceOption,
} from "./options.ts";
import { judge } from "./output.ts";

export const pocketbaseCommand = (finish: Finish) =>
  new Command("pocketbase")
    .description("25 behaviours of a server that speaks PocketBase's realtime protocol, with a client that listens")
    .argument("<url>", "the server", httpUrl)
    .requiredOption("--superuser <email:password>", "makes and removes the collections that are needed", account)
    .option("--heartbeat-ms <ms>", "the heartbeat that the server promises", wholeNumber, 20_000)
    .option("--connections <count>", "streams that may be open at once", wholeNumber, 100)
    .addOption(onlyOption)
    .addOption(patienceOption)
    .addOption(formatOption)
    .addOption(jsonOption)
    .addOption(junitOption)
    .action(async (url, options) => {
      const { superuser, heartbeatMs, connections } = options;
      finish(await judge(pocketbaseProfile, { url, superuser, heartbeatMs, connections }, url, options));
    });
