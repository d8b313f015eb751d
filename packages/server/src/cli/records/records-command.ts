import { Command, Option } from "@commander-js/extra-typings";
import type { CollectionsPlace } from "../remote-server.ts";
import { exportRecordsFile } from "./export-file.ts";
import { importRecordsFile } from "./import-file.ts";

/** The options that other commands have too. */
export interface PlaceOptions {
  readonly dir: () => Option<string>;
  readonly url: (help: string) => Option;
  readonly superuser: () => Option;
  readonly placeOf: (flags: Readonly<Record<string, unknown>>) => CollectionsPlace;
}

export const recordsCommand = (options: PlaceOptions) =>
  new Command("records")
    .description("export and import records as CSV or JSON, also while a server is running")
    .addCommand(importCommand(options))
    .addCommand(exportCommand(options));

const formatOption = () =>
  new Option(
    "--format <name>",
    "csv, ndjson (a JSON object on each line) or json (a list); by default by the file's name",
  );
const delimiterOption = () =>
  new Option("--delimiter <character>", "what separates the values of a CSV file; tab for a tab").default(",");

const importCommand = ({ dir, url, superuser, placeOf }: PlaceOptions) =>
  new Command("import")
    .description("create records from the rows of a file")
    .argument("<collection>")
    .argument("<file>", "- for standard input")
    .addOption(formatOption())
    .addOption(delimiterOption())
    .option("--map <column=field...>", "read a column into another field; without a field, leave it out", [])
    .option("--upsert", "update records whose id is in the file", false)
    .option("--continue-on-error", "go on after a row that is refused", false)
    .option("--atomic", "write all rows in one transaction, or none; other writes wait for it", false)
    .option("--dry-run", "write nothing, and say what would be refused", false)
    .option("--raw", "take texts as they are, also those with an apostrophe before a formula", false)
    .addOption(dir())
    .addOption(url("import them into this server instead, whose hooks then run"))
    .addOption(superuser())
    .action((collection, file, flags) => importRecordsFile(placeOf(flags), collection, file, readMap(flags)));

const readMap = <Flags extends { readonly map: string[] | never[] }>(flags: Flags) => ({ ...flags, map: flags.map });

const exportCommand = ({ dir, url, superuser, placeOf }: PlaceOptions) =>
  new Command("export")
    .description("write the records of a collection to a file")
    .argument("<collection>")
    .argument("[file]", "- for standard output", "-")
    .addOption(formatOption())
    .addOption(delimiterOption())
    .option("--fields <names>", "only these fields, separated by commas", "")
    .option("--filter <text>", "only records that match this filter", "")
    .option("--raw", "without the apostrophe that keeps spreadsheets from running a text as a formula", false)
    .addOption(dir())
    .addOption(url("export them from this server instead"))
    .addOption(superuser())
    .action((collection, file, flags) => exportRecordsFile(placeOf(flags), collection, file, flags));
