import { guest, records, type Step } from "../../lib/scenario.ts";

export const find = (filter: string): Step => guest(`GET ${records("kinds", { filter, sort: "id", fields: "id" })}`);
