import type { Api } from "../api.ts";
import type { Realtime } from "../realtime/realtime.ts";
import { joinNames } from "../schema.ts";
import { LiveListUpdater } from "./live-list-updater.ts";
import { closeWith, LiveList, type LiveOptions } from "./live-list.ts";
import { compareBySort } from "./compare-records.ts";

/**
 * Fetches a list and follows its changes.
 *
 * @throws HeadwaterError if the first fetch fails; later transient failures are retried
 */
export async function openLiveList<T extends { readonly id: string }>(
  api: Api,
  realtime: Realtime,
  collection: string,
  options: LiveOptions<T> = {},
): Promise<LiveList<T>> {
  const compare = options.compare ?? compareBySort<T>(joinNames(options.sort) ?? "");
  const list: LiveList<T> = new LiveList<T>(compare, () => updater.stop());
  const updater = new LiveListUpdater<T>({ api, realtime, collection, options, list });
  closeWith(list, options.signal);
  try {
    await updater.load();
  } catch (error) {
    list.close();
    throw error;
  }
  return list;
}
