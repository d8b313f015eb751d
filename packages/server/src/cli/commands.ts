import { Command, type CommandUnknownOpts, CommanderError, Option } from "@commander-js/extra-typings";
import { sentence } from "../lib/api-error.ts";
import { readConfig } from "../config.ts";
import { type SettingName, SETTINGS } from "../flags.ts";
import { hooksFolder } from "./hooks-folder.ts";
import { serve } from "./serve.ts";
import { createSuperuser, deleteSuperuser, updateSuperuser, upsertSuperuser } from "./superuser.ts";
import { printTypes } from "./types.ts";
import { VERSION } from "../lib/version.ts";

/**
 * Runs the command line.
 *
 * @param args without the names of runtime and script
 * @throws UserError for what the person who typed it can mend
 */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has said what it had to say.
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode;
  }
}

function program(): Command {
  const root = new Command("headwater")
    .description("A realtime backend in one process and one folder, at home in PocketBase's data and API.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${sentence(text.replace(/^error: /, ""))}\n`) });
  for (const command of [serveCommand(), superuserCommand(), typesCommand()]) root.addCommand(inherit(command, root));
  return root;
}

/** Commander hands its settings down only to commands that it makes itself. */
function inherit(command: CommandUnknownOpts, parent: CommandUnknownOpts): CommandUnknownOpts {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

const serveCommand = () =>
  new Command("serve")
    .description("serve the folder's collections over HTTP")
    .addOption(setting("dir", "path"))
    .addOption(setting("http", "address"))
    .addOption(setting("origins", "list"))
    .addOption(setting("logLevel", "level"))
    .addOption(setting("keepHours", "hours"))
    .addOption(setting("keepChanges", "count"))
    .addOption(setting("maxConnections", "count"))
    .addOption(setting("maxConnectionsPerIp", "count"))
    .addOption(setting("maxConnectionsPerUser", "count"))
    .addOption(setting("maxSetups", "count"))
    .addOption(setting("requestRate", "count"))
    .addOption(setting("maxSubscriptions", "count"))
    .addOption(setting("subscribeRate", "count"))
    .addOption(setting("maxMessageBytes", "bytes"))
    .addOption(setting("pingSeconds", "seconds"))
    .addOption(setting("pongSeconds", "seconds"))
    .addOption(setting("drainSeconds", "seconds"))
    .addOption(setting("presenceGrace", "seconds"))
    .addOption(setting("environment", "name"))
    .addOption(setting("heartbeatSeconds", "seconds"))
    .addOption(setting("release", "version"))
    .addOption(setting("gitCommit", "commit"))
    .addOption(hooksOption())
    .action(({ hooks, ...flags }) => {
      const config = readConfig(flags, process.env);
      return serve(config, hooksFolder(hooks, config.dir));
    });

const hooksOption = () =>
  new Option("--hooks <path>", "a folder of TypeScript files with hooks and routes").env("HEADWATER_HOOKS");

const superuserCommand = () =>
  new Command("superuser")
    .description("manage those who may do everything; works beside a running server")
    .addCommand(accountCommand("create", "make a superuser", createSuperuser))
    .addCommand(accountCommand("upsert", "make a superuser, or set the password of an existing one", upsertSuperuser))
    .addCommand(accountCommand("update", "set the password of a superuser", updateSuperuser))
    .addCommand(
      new Command("delete")
        .description("delete a superuser")
        .argument("<email>")
        .addOption(setting("dir", "path"))
        .action((email, flags) => deleteSuperuser(readConfig(flags, process.env).dir, email)),
    );

const typesCommand = () =>
  new Command("types")
    .description("write TypeScript types of the collections, for createClient<Schema> of @headwater/client")
    .addOption(setting("dir", "path"))
    .addOption(new Option("--url <address>", "a server to ask instead, PocketBase's too").conflicts("dir"))
    .addOption(new Option("--superuser <email:password>", "who asks it").env("HEADWATER_SUPERUSER"))
    .action(({ url, superuser, ...flags }) =>
      printTypes(url === undefined ? { dir: readConfig(flags, process.env).dir } : { url, superuser }),
    );

/** A command that takes an email and a password. */
const accountCommand = (
  name: string,
  description: string,
  run: (dir: string, email: string, password: string | undefined) => Promise<void>,
) =>
  new Command(name)
    .description(description)
    .argument("<email>")
    .argument("[password]", "asked for, or read from standard input, when it is missing")
    .addOption(setting("dir", "path"))
    .action((email, password, flags) => run(readConfig(flags, process.env).dir, email, password));

/** The option of a setting. Its value is read with the environment, so commander itself knows no default. */
const setting = (name: SettingName, value: string): Option<string> => {
  const { flag, variable, fallback, help } = SETTINGS[name];
  return new Option(`${flag} <${value}>`, `${help} (default: ${fallback}, or $${variable})`);
};
