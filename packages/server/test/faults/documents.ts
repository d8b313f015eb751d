import { request, type Reply } from "@headwater/testing/clients/request.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

export const NOTES = "/api/collections/notes/records";

/** Collections that everyone may write: `notes`, and `documents` with a file. */
export async function createCollections(url: string): Promise<void> {
  const superuser = await SuperuserClient.signIn(url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.createCollection({
    name: "documents",
    type: "base",
    fields: [{ name: "file", type: "file", maxSize: 1 << 26 }],
    createRule: "",
    viewRule: "",
    listRule: "",
  });
}

export const createNote = (url: string, title: string): Promise<Reply<{ id: string }>> =>
  request(url, "POST", NOTES, { body: { title } });

export function upload(url: string, bytes = 100): Promise<Reply<{ id: string; file: string }>> {
  const body = new FormData();
  body.set("file", new File([Buffer.alloc(bytes, "a")], "a.txt"));
  return request(url, "POST", "/api/collections/documents/records", { body });
}

/** The answer to a write, with the reason in its message. */
export const refusal = (message: string) => ({ status: 503, data: {}, message });
