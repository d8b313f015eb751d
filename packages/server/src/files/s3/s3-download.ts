import type { S3Connection } from "./s3-connection.ts";
import { S3Error } from "./s3-error.ts";

/** Times that a download goes on where its connection was cut. */
const MAX_CUTS = 3;

interface BytesReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
}

/** The bytes of an object from `start` to before `end`, read no faster than they are taken. */
export function objectStream(
  s3: S3Connection,
  key: string,
  etag: string,
  range: { readonly start: number; readonly end: number },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  let at = range.start;
  let cuts = 0;
  let reader: BytesReader | undefined;

  const open = async (): Promise<void> => {
    const headers = { Range: `bytes=${at}-${range.end - 1}`, ...(etag !== "" && { "If-Match": etag }) };
    const response = await s3.send({ method: "GET", key, headers, signal: stop.signal });
    // Some servers ignore ranges, or send the whole of a short file.
    if (response.status !== 206 && at > 0) throw new S3Error(502, "NoRanges", "The S3 store doesn't send ranges.");
    reader = response.body?.getReader();
  };
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    if (!reader) await open();
    const { done, value } = reader ? await s3.within(reader.read()) : { done: true, value: undefined };
    if (done || !value) throw new S3Error(0, "", "The S3 store sent less than the file has.");
    return value.subarray(0, range.end - at);
  };
  const nextOrRetry = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    for (;;) {
      try {
        return await next();
      } catch (error) {
        reader = undefined;
        cuts += 1;
        if (cuts > MAX_CUTS || stop.signal.aborted || !(error instanceof S3Error) || !error.isPassing) throw error;
      }
    }
  };

  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = await nextOrRetry();
        if (bytes === undefined) return;
        at += bytes.byteLength;
        controller.enqueue(bytes);
        if (at < range.end) return;
        controller.close();
        stop.abort();
      },
      cancel: () => stop.abort(),
    },
    { highWaterMark: 0 },
  );
}
