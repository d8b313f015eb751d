import type { ApiRequest } from "../../http/request.ts";
import { json } from "../../http/responses.ts";
import { STREAM_LENGTH } from "../../http/streamed-json.ts";
import { type FieldPick, parseFields, pickFields } from "../../lib/pick-fields.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { BatchResult } from "../../records/batch/run-batch.ts";
import type { AnswerLimits, RecordContext } from "../../records/model/record-context.ts";
import { type CollectedRecords, collectRecords } from "../../records/present/present.ts";
import { showWritten, withoutLimits } from "../../records/present/written-records.ts";
import type { Reader } from "../../store/store.ts";
import type { ApiContext } from "../api-context.ts";
import { queryOwner } from "../query-owner.ts";

/** What one request of a batch returns. */
interface Answer {
  /** `undefined` for a delete. */
  readonly records: CollectedRecords | undefined;
  readonly pick: FieldPick | undefined;
}

/** The results of a batch as JSON, in the order of its requests. */
export async function batchResponse(
  request: ApiRequest,
  api: ApiContext,
  results: readonly BatchResult[],
): Promise<Response> {
  const store = api.store.for(queryOwner(request));
  // One snapshot, so that the expanded records agree.
  const answers = await showWritten((isWhole) => store.read((reader) => collectAnswers(reader, results, isWhole)));
  const length = answers.reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
  if (request.query["fields"]) return json(request, answers.map(toJson));
  const texts = textsOf(answers);
  if (length >= STREAM_LENGTH) return api.streamedAnswers.respond(request, length, texts);
  return new Response([...texts].join(""), { headers: { "Content-Type": "application/json" } });
}

/** How long answers to batches may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

async function collectAnswers(
  reader: Reader,
  results: readonly BatchResult[],
  isWhole: boolean,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let used = 0;
  for (const { request, record } of results) {
    const pause = turns.pause(performance.now());
    if (pause) await pause;
    const { collection, context } = request;
    const { expand = "", fields = "" } = context.query;
    const limited = isWhole ? within(context, used) : withoutLimits(context);
    const records = record && (await collectRecords(reader, limited, collection, [record], isWhole ? expand : ""));
    used += records?.length ?? 0;
    answers.push({ records, pick: fields === "" ? undefined : parseFields(fields) });
  }
  return answers;
}

/** The limit holds for all answers together. */
function within(context: RecordContext, used: number): RecordContext {
  const limits: AnswerLimits | undefined = context.answerLimits;
  if (!limits || limits.bytes === 0) return context;
  return { ...context, answerLimits: { ...limits, bytes: Math.max(1, limits.bytes - used) } };
}

function* textsOf(answers: readonly Answer[]): Generator<string> {
  let separator = "[";
  for (const { records, pick } of answers) {
    yield separator;
    if (records) {
      yield '{"body":';
      yield* records.texts(pick);
      yield ',"status":200}';
    } else yield '{"body":null,"status":204}';
    separator = ",";
  }
  yield "]";
}

function toJson({ records, pick }: Answer): object {
  const body = records?.toJson()[0];
  if (body === undefined) return { body: null, status: 204 };
  return { body: pick ? pickFields(body, pick) : body, status: 200 };
}
