interface EventEmitter {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What a browser says about itself. Bun and Node have none of it, or parts. */
interface BrowserGlobals extends Partial<EventEmitter> {
  readonly document?: EventEmitter & { readonly visibilityState: string };
}

export type LifecycleSignal = "woke" | "offline";

/** Who tells when the page comes back, and when the network comes and goes. Gives a function that stops it. */
export type PageLifecycle = (onSignal: (signal: LifecycleSignal) => void) => () => void;

/** The page's visibility and its return from the back/forward cache, and the network of the browser; elsewhere, nothing. */
export const browserLifecycle: PageLifecycle = (onSignal) => {
  const globals: BrowserGlobals = globalThis;
  const { document } = globals;
  const page = globals.addEventListener && (globals as EventEmitter);
  const onWake = (): void => onSignal("woke");
  const onVisibilityChange = (): void => {
    if (document?.visibilityState === "visible") onWake();
  };
  const listeners: readonly (readonly [EventEmitter | undefined, string, () => void])[] = [
    [document, "visibilitychange", onVisibilityChange],
    [document, "resume", onWake],
    [page, "pageshow", onWake],
    [page, "online", onWake],
    [page, "offline", () => onSignal("offline")],
  ];
  for (const [emitter, type, listener] of listeners) emitter?.addEventListener(type, listener);
  return () => {
    for (const [emitter, type, listener] of listeners) emitter?.removeEventListener(type, listener);
  };
};
