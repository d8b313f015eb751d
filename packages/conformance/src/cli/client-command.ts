import { Command } from "@commander-js/extra-typings";
import { startBrowserHarness } from "../browser/event-source-driver.ts";
import { launchBrowser } from "../browser/launch.ts";
import { processDriver } from "../clients/process-driver.ts";
import { clientProfile } from "../clients/profile.ts";
import type { SetExitCode } from "./exit-code.ts";
import { browserProgram, addReportOptions } from "./options.ts";
import { runAndReport, type OutputOptions } from "./run-and-report.ts";

export const clientCommand = (setExitCode: SetExitCode) =>
  addReportOptions(
    new Command("client")
      .description("Tests any SSE client against a scripted server.")
      .option(
        "--command <command>",
        "a program that takes a URL as its last argument and writes each event as a line of JSON: event, data, lastEventId",
      )
      .option("--no-reconnects", "the program reads one stream and does not reconnect")
      .option(
        "--states",
        'the program also writes each state that it enters: {"state": "connecting"}, "open" or "closed"',
      )
      .option("--browser [program]", "test the EventSource of a headless Chromium"),
  ).action(async ({ command, reconnects, states, browser, ...output }, self) => {
    if ((command === undefined) === (browser === undefined)) self.error("error: Pass either --command or --browser.");
    if (command !== undefined)
      return setExitCode(
        await runAndReport(clientProfile, { driver: processDriver(command, { reconnects, states }) }, command, output),
      );
    setExitCode(await testBrowser(browserProgram(browser ?? true, self), output));
  });

async function testBrowser(program: string, output: OutputOptions): Promise<number> {
  const harness = await startBrowserHarness(program);
  const close = launchBrowser(program, harness.origin);
  try {
    return await runAndReport(clientProfile, { driver: harness.driver }, program, output);
  } finally {
    await close();
    harness.stop();
  }
}
