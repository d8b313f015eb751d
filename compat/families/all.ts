import type { Family } from "../lib/scenario.ts";
import { METHODS, PASSWORDS, REFRESH } from "./auth/auth.ts";
import { TOKENS } from "./auth/tokens.ts";
import { AUTH_OPTIONS } from "./collections/auth-options.ts";
import { CREATE } from "./collections/create.ts";
import { DELETE_AND_IMPORT } from "./collections/delete-and-import.ts";
import { FIELD_OPTIONS } from "./collections/field-options.ts";
import { LIST_AND_VIEW } from "./collections/list-and-view.ts";
import { INDEX_ERRORS, RULE_ERRORS, RULE_MISTAKES } from "./collections/rules-and-indexes.ts";
import { UPDATE as UPDATE_COLLECTIONS } from "./collections/update.ts";
import { VIEWS } from "./collections/views.ts";
import { FILES, PROTECTED_FILES } from "./files/files.ts";
import { THUMBS } from "./files/thumbs.ts";
import { FUNCTION_FILTERS } from "./filters/functions.ts";
import { NESTED_FILTERS, SCALAR_FILTERS, SWAPPED_FILTERS } from "./filters/operators.ts";
import { FILTER_SYNTAX } from "./filters/syntax.ts";
import { CORS, METHODS_AND_PATHS } from "./http/methods.ts";
import { BODIES } from "./records/bodies.ts";
import { CREATE_KINDS } from "./records/create-kinds.ts";
import { CREATE_STRICT } from "./records/create-validation.ts";
import { LIST } from "./records/list.ts";
import { ACCOUNTS, RULES_BY_VERB, RULES_ON_REQUESTS } from "./records/rules.ts";
import { DELETE, UPDATE, UPDATE_FILES } from "./records/update.ts";
import { EXPAND, FIELD_PICKER, VIEW } from "./records/view.ts";
import { BATCH } from "./server/batch.ts";
import { REALTIME } from "./server/realtime.ts";
import { SDK } from "./server/sdk.ts";
import { SETTINGS, SQL_QUERIES } from "./server/settings.ts";

/** In the order in which they are played and printed. */
export const FAMILIES: readonly Family[] = [
  METHODS_AND_PATHS,
  CORS,
  BODIES,
  LIST,
  VIEW,
  FIELD_PICKER,
  EXPAND,
  SCALAR_FILTERS,
  NESTED_FILTERS,
  SWAPPED_FILTERS,
  FUNCTION_FILTERS,
  FILTER_SYNTAX,
  CREATE_KINDS,
  CREATE_STRICT,
  UPDATE,
  UPDATE_FILES,
  DELETE,
  RULES_BY_VERB,
  RULES_ON_REQUESTS,
  ACCOUNTS,
  PASSWORDS,
  METHODS,
  REFRESH,
  TOKENS,
  FILES,
  PROTECTED_FILES,
  THUMBS,
  LIST_AND_VIEW,
  CREATE,
  FIELD_OPTIONS,
  RULE_ERRORS,
  RULE_MISTAKES,
  INDEX_ERRORS,
  AUTH_OPTIONS,
  VIEWS,
  UPDATE_COLLECTIONS,
  DELETE_AND_IMPORT,
  BATCH,
  SETTINGS,
  SQL_QUERIES,
  REALTIME,
  SDK,
];

/** One of each kind, for a short run. */
export const SHORT_FAMILIES: readonly Family[] = [
  METHODS_AND_PATHS,
  CORS,
  BODIES,
  VIEW,
  FIELD_PICKER,
  EXPAND,
  SWAPPED_FILTERS,
  FUNCTION_FILTERS,
  CREATE_STRICT,
  UPDATE,
  RULES_ON_REQUESTS,
  METHODS,
  PROTECTED_FILES,
  RULE_ERRORS,
  INDEX_ERRORS,
  BATCH,
  SQL_QUERIES,
  REALTIME,
];
