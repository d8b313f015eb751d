import { play } from "../../src/testing/scenario.ts";

export const TUS = { "Tus-Resumable": "1.0.0" } as const;
export const STREAM = { "Content-Type": "application/offset+octet-stream" } as const;
export const metadata = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return `${key} ${Buffer.from(text).toString("base64")}`;
    })
    .join(",");

export interface Begin {
  readonly collection?: string;
  readonly size?: number;
  readonly token?: string | undefined;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests of the tus protocol to one server. */
export function tusRequests(url: string) {
  const begin = ({
    collection = "open",
    size = 10,
    token = "",
    values,
    headers,
    body,
  }: Begin = {}): Promise<Response> =>
    fetch(`${url}/api/collections/${collection}/uploads`, {
      method: "POST",
      headers: {
        ...TUS,
        "Upload-Length": String(size),
        "Upload-Metadata": metadata({ filename: "ten.txt", ...values }),
        ...(token !== "" && { Authorization: token }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
  const started = async (options: Begin = {}): Promise<string> => {
    const response = await begin(options);
    if (response.status !== 201) throw new Error(await response.text());
    return response.headers.get("location")!;
  };
  const send = (
    path: string,
    offset: number,
    body: string | ReadableStream,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> =>
    fetch(url + path, {
      method: "PATCH",
      headers: { ...TUS, ...STREAM, "Upload-Offset": String(offset), ...headers },
      body,
    });
  const offsetOf = async (path: string, token = ""): Promise<string | null> => {
    const headers = { ...TUS, ...(token !== "" && { Authorization: token }) };
    return (await fetch(url + path, { method: "HEAD", headers })).headers.get("upload-offset");
  };
  const nameOf = (path: string): string => `upload:${path.split("/").at(-1)!}`;
  const attach = (collection: string, body: Readonly<Record<string, unknown>>, token = ""): Promise<Response> =>
    play(url, { method: "POST", path: `/api/collections/${collection}/records`, body, token });
  const finished = async (options: Begin = {}, text = "0123456789"): Promise<string> => {
    const path = await started({ ...options, size: text.length });
    const token = options.token ?? "";
    const response = await send(path, 0, text, token === "" ? {} : { Authorization: token });
    if (response.status !== 204) throw new Error(await response.text());
    return nameOf(path);
  };
  return { begin, started, send, offsetOf, nameOf, attach, finished };
}
