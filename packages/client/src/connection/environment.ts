interface Emitter {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What a browser says about itself. Bun and Node have none of it, or parts. */
interface Surroundings extends Partial<Emitter> {
  readonly document?: Emitter & { readonly visibilityState: string };
}

export type Signal = "woke" | "offline";

/** Who tells when the page comes back, and when the network comes and goes. Gives a function that stops it. */
export type Environment = (onSignal: (signal: Signal) => void) => () => void;

/** The page's visibility and its return from the back/forward cache, and the network of the browser; elsewhere, nothing. */
export const browserEnvironment: Environment = (onSignal) => {
  const surroundings: Surroundings = globalThis;
  const { document } = surroundings;
  const page = surroundings.addEventListener && (surroundings as Emitter);
  const woke = (): void => onSignal("woke");
  const visible = (): void => {
    if (document?.visibilityState === "visible") woke();
  };
  const listeners: readonly (readonly [Emitter | undefined, string, () => void])[] = [
    [document, "visibilitychange", visible],
    [document, "resume", woke],
    [page, "pageshow", woke],
    [page, "online", woke],
    [page, "offline", () => onSignal("offline")],
  ];
  for (const [emitter, type, listener] of listeners) emitter?.addEventListener(type, listener);
  return () => {
    for (const [emitter, type, listener] of listeners) emitter?.removeEventListener(type, listener);
  };
};
