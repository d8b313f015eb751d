import { EventSource } from "eventsource";
import PocketBase, { type RecordSubscribeOptions, type RecordSubscription } from "pocketbase";
import { Inbox } from "./inbox.ts";
import { SUPERUSER } from "../servers/server-process.ts";

/** The SDK needs a global EventSource, which Bun lacks. */
Object.assign(globalThis, { EventSource });

/** PocketBase's official SDK, as a guest. Auto-cancellation is off, because tests send many similar requests. */
export function sdk(url: string): PocketBase {
  const pb = new PocketBase(url);
  pb.autoCancellation(false);
  return pb;
}

export async function superuserSdk(url: string): Promise<PocketBase> {
  const pb = sdk(url);
  await pb.collection("_superusers").authWithPassword(SUPERUSER.email, SUPERUSER.password);
  return pb;
}

const PASSWORD = "1234567890";

/** Signs up a new user through the public API, and signs in. */
export async function signUp(url: string, name: string): Promise<PocketBase> {
  const pb = sdk(url);
  const email = `${name}@example.com`;
  await pb.collection("users").create({ email, password: PASSWORD, passwordConfirm: PASSWORD, name });
  await pb.collection("users").authWithPassword(email, PASSWORD);
  return pb;
}

/** The id of the signed-in user. Throws for a guest. */
export function userId(pb: PocketBase): string {
  const id = pb.authStore.record?.id;
  if (id === undefined) throw new Error("no user is signed in");
  return id;
}

/** Subscribes. @returns an inbox of the events */
export async function watch(
  pb: PocketBase,
  collection: string,
  topic: string,
  options?: RecordSubscribeOptions,
): Promise<Inbox<RecordSubscription>> {
  const inbox = new Inbox<RecordSubscription>();
  await pb.collection(collection).subscribe(topic, (event) => inbox.push(event), options);
  return inbox;
}
