import type { ClientDriver, ClientEvent } from "../../src/clients/driver.ts";

/** Possible faults of a client; without any, it follows the standard. */
export interface ClientFaults {
  /** Decodes each chunk on its own. */
  readonly decodesChunks?: true;
  readonly keepsBom?: true;
  /** Matches the end of a line. */
  readonly lineEnd?: RegExp;
  /** Turns what follows the colon into the field's value. */
  readonly value?: (raw: string) => string;
  readonly joinsWith?: string;
  readonly dispatchesEmptyEvents?: true;
  readonly dispatchesIncompleteEvents?: true;
  readonly keepsNames?: true;
  readonly forgetsIds?: true;
  readonly acceptsNullIds?: true;
  readonly ignoresRetry?: true;
  readonly sendsNoLastEventId?: true;
  readonly sendsIdsOfIncompleteEvents?: true;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ignoresType?: true;
  readonly reconnectsAfter?: (status: number) => boolean;
  readonly staysConnected?: true;
  readonly readsComments?: true;
  readonly requiresColons?: true;
  readonly ignoresLetterCase?: true;
  readonly givesUpOnBadBytes?: true;
  /** The longest line it reads, in characters. */
  readonly longestLine?: number;
  readonly requiresExactType?: true;
  readonly followsNoRedirect?: true;
  readonly neverReconnects?: true;
}

const USUAL_RETRY_MS = 100;

/** A minimal SSE client. */
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
  const state = { id: "", retryMs: USUAL_RETRY_MS };
  while (!signal.aborted) {
    const headers = {
      accept: "text/event-stream",
      "cache-control": "no-store",
      ...(state.id !== "" && !faults.sendsNoLastEventId && { "last-event-id": state.id }),
      ...faults.headers,
    };
    const redirect = faults.followsNoRedirect ? "manual" : "follow";
    const response = await fetch(url, { headers, signal, redirect });
    const { status } = response;
    const type = response.headers.get("content-type") ?? "";
    const isStream = faults.requiresExactType
      ? type === "text/event-stream"
      : /^text\/event-stream\s*(;|$)/i.test(type);
    if (status === 200 && (isStream || faults.ignoresType)) await read(response, onEvent, state, faults);
    else if (!faults.reconnectsAfter?.(status)) return;
    if (faults.neverReconnects) return;
    await new Promise((resolve) => setTimeout(resolve, state.retryMs));
  }
}

async function read(
  response: Response,
  onEvent: (event: ClientEvent) => void,
  state: { id: string; retryMs: number },
  faults: ClientFaults,
): Promise<void> {
  const { joinsWith = "\n", value: valueOf = (raw: string) => raw.replace(/^ /, "") } = faults;
  let [name, idBuffer] = ["", state.id];
  let data: string[] = [];
  const dispatch = (): void => {
    state.id = idBuffer;
    if (data.length > 0 || (faults.dispatchesEmptyEvents && name !== ""))
      onEvent({ event: name === "" ? "message" : name, data: data.join(joinsWith), lastEventId: state.id });
    data = [];
    if (!faults.keepsNames) name = "";
    if (faults.forgetsIds) idBuffer = "";
  };
  const take = (line: string): void => {
    if (line === "") return dispatch();
    const colon = line.indexOf(":");
    if ((colon < 0 && faults.requiresColons) || line.length > (faults.longestLine ?? Infinity)) return;
    const [given, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), valueOf(line.slice(colon + 1))];
    const field = faults.ignoresLetterCase ? given.toLowerCase() : given;
    if (field === "data" || (field === "" && faults.readsComments)) data.push(value);
    if (field === "event") name = value;
    if (field === "id" && (faults.acceptsNullIds || !value.includes("\0"))) idBuffer = value;
    if (field === "id" && faults.sendsIdsOfIncompleteEvents) state.id = idBuffer;
    if (field === "retry" && /^\d+$/.test(value) && !faults.ignoresRetry) state.retryMs = Number(value);
  };
  for await (const line of linesOf(response, faults)) take(line);
  if (faults.dispatchesIncompleteEvents && data.length > 0) dispatch();
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
