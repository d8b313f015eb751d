import { Command } from "@commander-js/extra-typings";
import { openBrowserStage } from "../browser/browser-driver.ts";
import { launchBrowser } from "../browser/launch.ts";
import { processDriver } from "../clients/process-driver.ts";
import { clientProfile } from "../clients/profile.ts";
import type { Finish } from "./commands.ts";
import { browserProgram, reporting } from "./options.ts";
import { judge, type OutputOptions } from "./output.ts";

export const clientCommand = (finish: Finish) =>
  reporting(
    new Command("client")
      .description("the other direction: any SSE client, at a server that says what it is told to")
      .option(
        "--command <command>",
        "a program that gets a URL as its last argument and writes each event as a line of JSON: event, data, lastEventId",
      )
      .option("--no-reconnects", "the program reads one stream, and does not come back by itself")
      .option("--browser [program]", "a headless Chromium's own EventSource"),
  ).action(async ({ command, reconnects, browser, ...output }, self) => {
    if ((command === undefined) === (browser === undefined)) self.error("error: give --command or --browser");
    if (command !== undefined)
      return finish(await judge(clientProfile, { driver: processDriver(command, reconnects) }, command, output));
    finish(await judgeBrowser(browserProgram(browser ?? true, self), output));
  });

async function judgeBrowser(program: string, output: OutputOptions): Promise<number> {
  const { driver, server } = await openBrowserStage(program);
  const close = launchBrowser(program, server.origin);
  try {
    return await judge(clientProfile, { driver, server }, program, output);
  } finally {
    await close();
    server.stop();
  }
}
