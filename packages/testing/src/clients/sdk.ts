import { EventSource } from "eventsource";
import PocketBase, { type RecordSubscribeOptions, type RecordSubscription } from "pocketbase";
import { Inbox } from "./inbox.ts";
import { SUPERUSER } from "../servers/server-process.ts";

/** The SDK looks for a global one; Bun has none. */
Object.assign(globalThis, { EventSource });

/** The official SDK as a guest. Requests are not cancelled by others of the same shape, as tests make many of those. */
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

/** A new user who signed up and in as everybody may. */
export async function signUp(url: string, name: string): Promise<PocketBase> {
  const pb = sdk(url);
  const email = `${name}@example.com`;
  await pb.collection("users").create({ email, password: PASSWORD, passwordConfirm: PASSWORD, name });
  await pb.collection("users").authWithPassword(email, PASSWORD);
  return pb;
}

/** Who is signed in; asking it of a guest is a mistake in the test. */
export function userId(pb: PocketBase): string {
  const id = pb.authStore.record?.id;
  if (id === undefined) throw new Error("nobody is signed in");
  return id;
}

/** Subscribes, and gives the events as they come. */
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
