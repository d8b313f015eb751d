interface BrowserGlobals {
  readonly document?: object;
  readonly navigator?: { readonly locks?: object };
  readonly BroadcastChannel?: object;
}

/** Whether this is a browser page with Web Locks and BroadcastChannel. Web Locks need HTTPS or localhost. */
export function isTabSharingSupported(): boolean {
  const { document, navigator, BroadcastChannel } = globalThis as BrowserGlobals;
  return !!(document && navigator?.locks && BroadcastChannel);
}
