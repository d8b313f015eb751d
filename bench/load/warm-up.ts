import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { deliveriesOf } from "./groups.ts";
import type { Publisher } from "./publisher.ts";
import type { ReaderProcess } from "./reader-process.ts";
import type { Target } from "../targets/target.ts";

const SUBSCRIBERS = 20;
const EVENTS = 3000;

const CONCURRENCY = 8;

/** Warms up compilers and allocators before measurement. Disconnects its subscribers afterwards. */
export async function warmUp(target: Target, readers: ReaderProcess, publisher: Publisher): Promise<void> {
  const groups = {
    subscribers: Math.min(SUBSCRIBERS, target.subscription.tokens?.length || SUBSCRIBERS),
    count: target.groups,
  };
  await readers.open(target.subscription, groups.subscribers);
  publisher.restart();
  await readers.begin(groups);
  await inParallel(EVENTS, Math.min(CONCURRENCY, publisher.concurrency), () => publisher.publish());
  await readers.reached(deliveriesOf(groups, publisher.published));
  await readers.close();
}
