import type { Area } from "../lib/area.ts";
import { collections } from "./collections.ts";
import { cookies } from "./cookies.ts";
import { cursors } from "./cursors.ts";
import { files } from "./files.ts";
import { filters } from "./filters.ts";
import { frames } from "./frames.ts";
import { http } from "./http.ts";
import { json } from "./json.ts";
import { messages } from "./messages.ts";
import { multipart } from "./multipart.ts";
import { realtime } from "./realtime.ts";

export const AREAS: readonly Area[] = [
  filters,
  json,
  multipart,
  frames,
  messages,
  realtime,
  cursors,
  cookies,
  http,
  files,
  collections,
];
