/** One statement of a script, without its final semicolon. */
export interface ScriptStatement {
  readonly text: string;
  /** Its first parameter, such as `?` or `:name`: there is no value for it. */
  readonly parameter: string | undefined;
}

/**
 * A token that ends a statement or could hide its end: a string, a quoted name, a comment, a parameter or a semicolon. An
 * unclosed string or comment reaches to the end.
 */
const TOKEN =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|\?\d*|[:@$][A-Za-z_]\w*|\w+|;/g;

const BEGINS_TRIGGER = /^\s*CREATE\s+(?:TEMP\s+|TEMPORARY\s+)?TRIGGER\b/i;

/**
 * The statements of a script in their order; none for a script of comments and spaces. The body of a trigger has
 * semicolons of its own: such a statement goes on to the `END` that closes it.
 */
export function splitStatements(script: string): readonly ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  let [start, isEmpty, cases] = [0, true, 0];
  let last = "";
  let parameter: string | undefined;
  const end = (at: number): void => {
    if (!isEmpty) statements.push({ text: script.slice(start, at).trim(), parameter });
    [start, isEmpty, cases, last] = [at + 1, true, 0, ""];
    parameter = undefined;
  };
  let from = 0;
  for (const match of script.matchAll(TOKEN)) {
    const [token] = match;
    if (script.slice(from, match.index).trim() !== "") isEmpty = false;
    from = match.index + token.length;
    if (token.startsWith("--") || token.startsWith("/*")) continue;
    if (token === ";") {
      if (!isInTrigger(script.slice(start, match.index), last, cases)) end(match.index);
      continue;
    }
    isEmpty = false;
    last = token.toUpperCase();
    if (last === "CASE") cases += 1;
    else if (last === "END" && cases > 0) [cases, last] = [cases - 1, ""];
    if (/^[?:@$]/.test(token)) parameter ??= token;
  }
  if (script.slice(from).trim() !== "") isEmpty = false;
  end(script.length);
  return statements;
}

const isInTrigger = (text: string, last: string, cases: number): boolean =>
  BEGINS_TRIGGER.test(withoutLeadingComments(text)) && (last !== "END" || cases > 0);

const withoutLeadingComments = (text: string): string => text.replace(/^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)+/, "");
