import type { Standard } from "../../core/case.ts";
import { countFrom, type Fields, type FieldType, ISO_TIME, TEXT } from "../../model/field.ts";
import type { StreamModel } from "../../model/stream-model.ts";
import type { RecordedEvent } from "../../stream/recording.ts";

export const quote = (sentence: string): Standard => ({ source: "SSE Stream API Documentation", sentence });

/** One connection to `GET /stream`. Its messages have no names, and their data is one word. */
export const POKE_STREAM: StreamModel = {
  start: "connecting",
  states: {
    connecting: { meaning: "nothing has come yet", next: { connected: "open" } },
    open: { meaning: "the stream is open", next: { ping: "open", sync: "open" } },
  },
  kinds: {
    connected: {
      meaning: "the stream is open; comes first, and once",
      standard: quote("data: connected - Initial connection confirmation"),
      fields: {},
    },
    ping: {
      meaning: "the stream is alive",
      standard: quote("data: ping - Periodic keep-alive (every 30 seconds)"),
      fields: {},
    },
    sync: {
      meaning: "there is something to pull",
      standard: quote("data: sync - User-specific notification (triggered by poke)"),
      fields: {},
    },
  },
};

export const kindOf = ({ event, data }: Pick<RecordedEvent, "event" | "data">): string =>
  event === "message" ? data : `${data} under the name ${event}`;

const TRUE: FieldType = { is: "true", accepts: (value) => value === true, wrong: [false, "true", 1] };

/** The response to `POST /poke-user`. */
export const POKE_RESPONSE: Fields = {
  success: { type: TRUE, meaning: "the poke was sent" },
  userId: { type: TEXT, meaning: "whom it was sent to: the token's user" },
  clientsNotified: { type: countFrom(0), meaning: "how many streams the user has" },
  message: { type: TEXT, meaning: "for people" },
  timestamp: { type: ISO_TIME, meaning: "when it was sent" },
};

/** The response to `GET /stats`. */
export const STATS_RESPONSE: Fields = {
  userId: { type: TEXT, meaning: "the token's user" },
  userConnections: { type: countFrom(0), meaning: "how many streams the user has" },
  totalConnections: { type: countFrom(0), meaning: "how many streams all users have" },
  timestamp: { type: ISO_TIME, meaning: "when they were counted" },
};
