import type { ClientDriver, ClientEvent } from "../../src/clients/driver.ts";

/** What may be wrong with a client; one without any of it is as the standard says. */
export interface ClientFaults {
  /** Begins to decode anew with each chunk. */
  readonly decodesChunks?: true;
  readonly keepsBom?: true;
  /** What ends a line. */
  readonly lineEnd?: RegExp;
  /** Makes the value of a field. */
  readonly value?: (raw: string) => string;
  readonly joinsWith?: string;
  readonly tellsOfEmptyEvents?: true;
  readonly tellsOfBrokenEvents?: true;
  readonly keepsNames?: true;
  readonly forgetsIds?: true;
  readonly acceptsNullIds?: true;
  readonly ignoresRetry?: true;
  readonly sendsNoLastEventId?: true;
  readonly sendsIdsOfBrokenEvents?: true;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ignoresType?: true;
  readonly comesBackAfter?: (status: number) => boolean;
  readonly staysConnected?: true;
  readonly readsComments?: true;
  readonly wantsColons?: true;
  readonly ignoresLetterCase?: true;
  readonly givesUpOnBadBytes?: true;
  /** Characters of a line that it can hold. */
  readonly longestLine?: number;
  readonly wantsExactType?: true;
  readonly followsNoRedirect?: true;
  readonly neverComesBack?: true;
}

const USUAL_RETRY_MS = 100;

/** The smallest client that does it all. */
export const smallClient = (faults: ClientFaults = {}): ClientDriver => ({
  name: "a small client",
  reconnects: true,
  open(url, _, onEvent) {
    const abort = new AbortController();
    void listen(url, onEvent, abort.signal, faults).catch(() => undefined);
    return Promise.resolve(() => {
      if (!faults.staysConnected) abort.abort();
    });
  },
});

async function listen(
  url: string,
  onEvent: (event: ClientEvent) => void,
  signal: AbortSignal,
  faults: ClientFaults,
): Promise<void> {
  const place = { id: "", retryMs: USUAL_RETRY_MS };
  while (!signal.aborted) {
    const headers = {
      accept: "text/event-stream",
      "cache-control": "no-store",
      ...(place.id !== "" && !faults.sendsNoLastEventId && { "last-event-id": place.id }),
      ...faults.headers,
    };
    const redirect = faults.followsNoRedirect ? "manual" : "follow";
    const response = await fetch(url, { headers, signal, redirect });
    const { status } = response;
    const type = response.headers.get("content-type") ?? "";
    const isStream = faults.wantsExactType ? type === "text/event-stream" : /^text\/event-stream\s*(;|$)/i.test(type);
    if (status === 200 && (isStream || faults.ignoresType)) await read(response, onEvent, place, faults);
    else if (!faults.comesBackAfter?.(status)) return;
    if (faults.neverComesBack) return;
    await new Promise((resolve) => setTimeout(resolve, place.retryMs));
  }
}

async function read(
  response: Response,
  onEvent: (event: ClientEvent) => void,
  place: { id: string; retryMs: number },
  faults: ClientFaults,
): Promise<void> {
  const { joinsWith = "\n", value: valueOf = (raw: string) => raw.replace(/^ /, "") } = faults;
  let [name, idBuffer] = ["", place.id];
  let data: string[] = [];
  const dispatch = (): void => {
    place.id = idBuffer;
    if (data.length > 0 || (faults.tellsOfEmptyEvents && name !== ""))
      onEvent({ event: name === "" ? "message" : name, data: data.join(joinsWith), lastEventId: place.id });
    data = [];
    if (!faults.keepsNames) name = "";
    if (faults.forgetsIds) idBuffer = "";
  };
  const take = (line: string): void => {
    if (line === "") return dispatch();
    const colon = line.indexOf(":");
    if ((colon < 0 && faults.wantsColons) || line.length > (faults.longestLine ?? Infinity)) return;
    const [given, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), valueOf(line.slice(colon + 1))];
    const field = faults.ignoresLetterCase ? given.toLowerCase() : given;
    if (field === "data" || (field === "" && faults.readsComments)) data.push(value);
    if (field === "event") name = value;
    if (field === "id" && (faults.acceptsNullIds || !value.includes("\0"))) idBuffer = value;
    if (field === "id" && faults.sendsIdsOfBrokenEvents) place.id = idBuffer;
    if (field === "retry" && /^\d+$/.test(value) && !faults.ignoresRetry) place.retryMs = Number(value);
  };
  for await (const line of linesOf(response, faults)) take(line);
  if (faults.tellsOfBrokenEvents && data.length > 0) dispatch();
}

async function* linesOf(
  response: Response,
  { lineEnd = /\r\n|\n|\r(?!$)/, decodesChunks, keepsBom, givesUpOnBadBytes }: ClientFaults,
): AsyncGenerator<string> {
  let decoder = new TextDecoder("utf-8", { ignoreBOM: keepsBom === true, fatal: givesUpOnBadBytes === true });
  let rest = "";
  for await (const chunk of response.body!) {
    if (decodesChunks) decoder = new TextDecoder();
    rest += decoder.decode(chunk, { stream: !decodesChunks });
    for (let end = lineEnd.exec(rest); end; end = lineEnd.exec(rest)) {
      yield rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
    }
  }
  if (/^[^\r]*\r$/.test(rest)) yield rest.slice(0, -1);
}
