import { Command, type CommandUnknownOpts, CommanderError, Option } from "@commander-js/extra-typings";
import { sentence } from "../lib/api-error.ts";
import { readConfig } from "../config.ts";
import { type SettingName, SETTINGS } from "../flags.ts";
import { exportCollections, importFile } from "./collections.ts";
import { parseHours, sweepOrphans } from "./files.ts";
import { doctor } from "./doctor.ts";
import { hooksFolder } from "./hooks-folder.ts";
import { recordsCommand } from "./records/records-command.ts";
import { serve } from "./serve.ts";
import { createSuperuser, deleteSuperuser, updateSuperuser, upsertSuperuser } from "./superuser.ts";
import { printTypes } from "./types.ts";
import { VERSION } from "../lib/version.ts";

/**
 * Runs the command line.
 *
 * @param args without the names of the runtime and the script
 * @throws UserError for mistakes in the command
 */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has already printed its message.
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode;
  }
}

function program(): Command {
  const root = new Command("headwater")
    .description("A realtime backend in one process and one folder, compatible with PocketBase's data and API.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${sentence(text.replace(/^error: /, ""))}\n`) });
  const data = [collectionsCommand(), records(), doctorCommand(), filesCommand()];
  for (const command of [serveCommand(), superuserCommand(), typesCommand(), ...data])
    root.addCommand(inherit(command, root));
  return root;
}

/** Commander passes its settings only to commands that it creates itself. */
function inherit(command: CommandUnknownOpts, parent: CommandUnknownOpts): CommandUnknownOpts {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** With the first half of its settings: all in one would be a long function. */
const newServeCommand = () =>
  new Command("serve")
    .description("serve the folder's collections over HTTP")
    .addOption(setting("dir", "path"))
    .addOption(setting("http", "address"))
    .addOption(setting("origins", "list"))
    .addOption(setting("trustedProxyHeader", "names"))
    .addOption(setting("encryptionEnv", "name"))
    .addOption(setting("logLevel", "level"))
    .addOption(setting("keepHours", "hours"))
    .addOption(setting("keepChanges", "count"))
    .addOption(setting("keepMb", "megabytes"))
    .addOption(setting("maxConnections", "count"))
    .addOption(setting("maxConnectionsPerIp", "count"))
    .addOption(setting("maxConnectionsPerUser", "count"))
    .addOption(setting("maxSetups", "count"))
    .addOption(setting("requestRate", "count"))
    .addOption(setting("maxSubscriptions", "count"))
    .addOption(setting("subscribeRate", "count"))
    .addOption(setting("maxSubscriptionBytes", "bytes"))
    .addOption(setting("maxSubscriptionBytesPerClient", "bytes"))
    .addOption(setting("maxPresenceRooms", "count"))
    .addOption(setting("maxPresence", "count"))
    .addOption(setting("maxPresencePerClient", "count"))
    .addOption(setting("maxSyncRooms", "count"))
    .addOption(setting("maxEvaluationPercent", "percent"))
    .addOption(setting("maxMessageBytes", "bytes"));

const serveCommand = () =>
  newServeCommand()
    .addOption(setting("maxBodyMemoryMb", "megabytes"))
    .addOption(setting("maxBodyMemoryMbPerClient", "megabytes"))
    .addOption(setting("maxBodyKeys", "count"))
    .addOption(setting("maxBodyItems", "count"))
    .addOption(setting("maxThumbs", "count"))
    .addOption(setting("maxThumbMegapixels", "count"))
    .addOption(setting("maxSpoolMb", "megabytes"))
    .addOption(setting("maxSpoolMbPerClient", "megabytes"))
    .addOption(setting("maxS3Seconds", "seconds"))
    .addOption(setting("maxUnfinishedMb", "megabytes"))
    .addOption(setting("maxUnfinishedMbPerAccount", "megabytes"))
    .addOption(setting("keepUploadHours", "hours"))
    .addOption(setting("maxImports", "count"))
    .addOption(setting("maxImportMb", "megabytes"))
    .addOption(setting("maxPushMb", "megabytes"))
    .addOption(setting("maxPushMutations", "count"))
    .addOption(setting("maxMutationMb", "megabytes"))
    .addOption(setting("hookSeconds", "seconds"))
    .addOption(setting("blockSeconds", "seconds"))
    .addOption(setting("maxTaskBytes", "bytes"))
    .addOption(setting("querySeconds", "seconds"))
    .addOption(setting("sqlSeconds", "seconds"))
    .addOption(setting("sqlRows", "count"))
    .addOption(setting("adviceSeconds", "seconds"))
    .addOption(setting("readers", "count"))
    .addOption(setting("readerMemoryMb", "megabytes"))
    .addOption(setting("maxAnswerMb", "megabytes"))
    .addOption(setting("maxExpand", "count"))
    .addOption(setting("pingSeconds", "seconds"))
    .addOption(setting("pongSeconds", "seconds"))
    .addOption(setting("drainSeconds", "seconds"))
    .addOption(setting("channels", "which"))
    .addOption(setting("clientFilters", "which"))
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
    .description("manage superusers, also while a server is running")
    .addCommand(accountCommand("create", "create a superuser", createSuperuser))
    .addCommand(accountCommand("upsert", "create a superuser, or set the password of an existing one", upsertSuperuser))
    .addCommand(accountCommand("update", "set the password of a superuser", updateSuperuser))
    .addCommand(
      new Command("delete")
        .description("delete a superuser")
        .argument("<email>")
        .addOption(setting("dir", "path"))
        .action((email, flags) => deleteSuperuser(readConfig(flags, process.env).dir, email)),
    );

const filesCommand = () =>
  new Command("files").description("look after uploaded files, also while a server is running").addCommand(
    new Command("sweep")
      .description("list the stored files that no record names, or remove them")
      .addOption(folder())
      .addOption(setting("encryptionEnv", "name"))
      .option("--delete", "remove them")
      .option("--min-age-hours <hours>", "leave younger files alone", "1")
      .action(({ delete: remove = false, minAgeHours, ...flags }) => {
        const { dir, encryptionKey } = readConfig(flags, process.env);
        return sweepOrphans({ dir, encryptionKey, remove, minAgeHours: parseHours(minAgeHours) });
      }),
  );

const typesCommand = () =>
  new Command("types")
    .description("write TypeScript types of the collections, for createClient<Schema> of @headwater/client")
    .addOption(folder())
    .addOption(urlOption("read the collections from this server instead, also from PocketBase"))
    .addOption(superuserOption())
    .action((flags) => printTypes(placeOf(flags)));

const collectionsCommand = () =>
  new Command("collections")
    .description("export and import collections, also while a server is running")
    .addCommand(
      new Command("export")
        .description("write all collections as JSON")
        .addOption(folder())
        .addOption(urlOption("read them from this server instead, also from PocketBase"))
        .addOption(superuserOption())
        .action((flags) => exportCollections(placeOf(flags))),
    )
    .addCommand(
      new Command("import")
        .description("create and update collections from a JSON file")
        .argument("<file>", "as written by export; - for standard input")
        .option("--dry-run", "only print what would change and what would be lost", false)
        .option("--json", "print a dry run as JSON", false)
        .option("--delete-missing", "delete collections and fields that are not in the file", false)
        .option("--detect-renames", "rename what seems to have another name, and keep its values", false)
        .addOption(folder())
        .addOption(urlOption("import them into this server instead"))
        .addOption(superuserOption())
        .action((file, flags) => importFile(file, placeOf(flags), flags)),
    );

const doctorCommand = () =>
  new Command("doctor")
    .description("find the indexes that rules and requests lack, with what they gain; exits with 2 if there are any")
    .option("--json", "print the report as JSON", false)
    .addOption(folder())
    .addOption(urlOption("ask this server, which also knows what its clients ask"))
    .addOption(superuserOption())
    .addOption(setting("adviceSeconds", "seconds"))
    .action(({ json, url, superuser, ...flags }) =>
      doctor(placeOf({ url, superuser, ...flags }), readConfig(flags, process.env).queries.adviceMs, json),
    );

const records = () =>
  recordsCommand({
    dir: () => folder(),
    url: urlOption,
    superuser: superuserOption,
    placeOf,
  });

const urlOption = (help: string) => new Option("--url <address>", help).conflicts("dir");
const superuserOption = () =>
  new Option("--superuser <email:password>", "the superuser to sign in as").env("HEADWATER_SUPERUSER");

/** The folder, or the server that the flags name instead. */
const placeOf = ({ url, superuser, dir }: Partial<Record<"url" | "superuser" | "dir", string | undefined>>) =>
  url === undefined ? { dir: readConfig({ dir }, process.env).dir } : { url, superuser };

/** A command that takes an email and a password. */
const accountCommand = (
  name: string,
  description: string,
  run: (dir: string, email: string, password: string | undefined) => Promise<void>,
) =>
  new Command(name)
    .description(description)
    .argument("<email>")
    .argument("[password]", "prompted for or read from standard input if missing")
    .addOption(setting("dir", "path"))
    .action((email, password, flags) => run(readConfig(flags, process.env).dir, email, password));

/** The option of commands that work on a folder, but never make one. */
const folder = (): Option<string> => {
  const option = setting("dir", "path");
  option.description = option.description.replace("; created if it is missing", "");
  return option;
};

/** The option of a setting. The config applies defaults and the environment, so commander has no default. */
const setting = (name: SettingName, value: string): Option<string> => {
  const { flag, variable, fallback, help } = SETTINGS[name];
  return new Option(`${flag} <${value}>`, `${help} (default: ${fallback || "none"}, or $${variable})`);
};
