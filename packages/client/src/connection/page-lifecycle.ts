interface EventEmitter {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The browser's globals that are used here. Bun and Node have some of them, or none. */
interface BrowserGlobals extends Partial<EventEmitter> {
  readonly document?: EventEmitter & { readonly visibilityState: string };
}

export type LifecycleSignal = "wake" | "offline";

/**
 * Reports when the page resumes or the network returns (`wake`), and when the network is lost.
 *
 * @returns a stop function
 */
export type PageLifecycle = (onSignal: (signal: LifecycleSignal) => void) => () => void;

/** Listens to page visibility, the back/forward cache and the network. Outside of browsers it reports nothing. */
export const browserLifecycle: PageLifecycle = (onSignal) => {
  const globals: BrowserGlobals = globalThis;
  const { document } = globals;
  const page = globals.addEventListener && (globals as EventEmitter);
  const onWake = (): void => onSignal("wake");
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
