import { ISO_TIME, orNull, TEXT } from "../../model/field.ts";
import type { StreamModel } from "../../model/stream-model.ts";
import { baseline, CONNECTION_OPEN, CORRELATION, HEARTBEAT } from "../baseline.ts";

/** One connection to `GET /api/utils/version/stream`. It ends only with its client, or with the server. */
export const VERSION_STREAM: StreamModel = {
  start: "connecting",
  states: {
    connecting: { meaning: "nothing has come yet", next: { connection_open: "opening" } },
    opening: { meaning: "the version is due at once", next: { version: "open", error: "failed" } },
    // A version that comes later is a new one.
    open: {
      meaning: "the version is known",
      next: { heartbeat: "open", version: "open", error: "failed", connection_close: "closed" },
      allowsOthers: true,
    },
    failed: { meaning: "the version could not be read", next: { connection_close: "closed" } },
    closed: { meaning: "the stream has been closed", next: {} },
  },
  kinds: {
    connection_open: CONNECTION_OPEN,
    version: {
      meaning: "what is deployed",
      standard: baseline(
        "3",
        'data: {"version": "1.2.3", "environment": "development", "git_commit": "abc123", "correlation_id": "...", ...}',
      ),
      fields: {
        version: { type: TEXT, meaning: "the version's name" },
        environment: { type: TEXT, meaning: "where it runs" },
        git_commit: { type: orNull(TEXT), meaning: "the commit; null if it is unknown" },
        started_at: { type: orNull(ISO_TIME), meaning: "when the server started", optional: true },
        correlation_id: CORRELATION,
      },
    },
    heartbeat: HEARTBEAT,
    error: {
      meaning: "the version could not be read",
      standard: baseline("4", "error event + connection_close on version fetch error"),
      fields: { correlation_id: CORRELATION },
    },
    connection_close: {
      meaning: "the last event",
      standard: baseline("4", "error event + connection_close on version fetch error"),
      fields: { reason: { type: TEXT, meaning: "why the stream ends" }, correlation_id: CORRELATION },
    },
  },
};
