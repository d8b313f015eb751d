import { collectionOf } from "../../http/guards.ts";
import type { ApiRequest } from "../../http/request.ts";
import { AnswerBudget } from "../../records/present/answer-limits.ts";
import { aggregateRecords } from "../../records/query/aggregate-records.ts";
import { refuseSearch } from "../../records/query/search-list.ts";
import type { ApiContext } from "../api-context.ts";
import { queryOwner } from "../query-owner.ts";
import { recordContext } from "../record-context.ts";

/** Counts, sums and the like over the records that the requester may list. */
export async function aggregate(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, "Missing collection context.");
  refuseSearch(collection, request.query);
  const context = recordContext(request, api, {});
  const page = await api.store
    .for(queryOwner(request))
    .read((reader) => aggregateRecords(reader, context, collection, request.query));
  const text = JSON.stringify(page);
  new AnswerBudget(context.answerLimits).addBytes(text.length);
  return new Response(text, { headers: { "Content-Type": "application/json" } });
}
