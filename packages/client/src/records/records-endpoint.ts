/** The response header with the cursor of a list. Headwater servers only. */
export const CURSOR_HEADER = "headwater-cursor";

export const recordsPath = (collection: string): string => `/api/collections/${encodeURIComponent(collection)}/records`;
