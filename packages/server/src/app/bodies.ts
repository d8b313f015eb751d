import type { Config } from "../config.ts";
import { AddressGroups } from "../connections/address-group.ts";
import type { Spool } from "../files/spool.ts";
import { BodyFiles } from "../http/body/body-files.ts";
import { BodyMemory } from "../http/body/body-memory.ts";
import type { Bodies } from "../http/http-context.ts";
import { MAX_JSON_DEPTH } from "../lib/json/strict-json.ts";
import type { Metrics } from "../metrics/metrics.ts";

/** Bounds what the bodies of requests take. */
export function createBodies({ limits }: Config, spool: Spool, metrics: Metrics): Bodies {
  const groups = new AddressGroups(limits.countsLocalAddresses);
  const refused = (limit: string): void => metrics.refused(limit);
  const memory = new BodyMemory(limits.bodies.memory, (address) => groups.of(address), refused);
  metrics.gauge(
    "headwater_body_bytes",
    "Bytes of request bodies in memory, besides the first 16 KiB of each.",
    () => memory.bytes,
  );
  const files = new BodyFiles(spool, limits.files.spool, refused);
  metrics.gauge("headwater_spool_bytes", "Bytes of uploaded files that are on their way.", () => files.bytes);
  return {
    memory,
    files,
    json: { depth: MAX_JSON_DEPTH, keys: limits.bodies.keys, items: limits.bodies.items },
    refused,
  };
}
