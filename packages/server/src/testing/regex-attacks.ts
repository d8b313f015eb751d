import { type AST, parseRegExpLiteral } from "@eslint-community/regexpp";

/** A text that is hard for a regular expression: `lead`, many times `pump`, then `tail`. */
export interface Attack {
  readonly lead: string;
  readonly pump: string;
  readonly tail: string;
}

/**
 * Texts that a backtracking engine may need more than linear time for: everything that the expression repeats, repeated
 * many times, with and without what comes before it, and followed by a character that lets the match fail.
 */
export function attacksOn(expression: RegExp): Attack[] {
  const tree = parseRegExpLiteral(expression);
  const attacks = new Map<string, Attack>();
  const add = (lead: string, pump: string): void => {
    if (pump === "") return;
    for (const start of new Set(["", lead])) {
      for (const tail of ["", FAILS]) attacks.set(JSON.stringify([start, pump, tail]), { lead: start, pump, tail });
    }
  };
  const pumps = (quantifier: AST.Quantifier): string[] => {
    const { element } = quantifier;
    const parts = "alternatives" in element ? element.alternatives.map(sampleAlternative) : [];
    return [sample(element), parts.join(""), sample(element).repeat(2).slice(1)];
  };
  for (const alternative of tree.pattern.alternatives) add(FAILS, sampleAlternative(alternative));
  for (const { node, lead } of walk(tree.pattern.alternatives, "")) {
    if (node.type === "Quantifier" && node.max > 10) for (const pump of pumps(node)) add(lead, pump);
    if (node.type === "Character" || node.type === "CharacterSet" || node.type === "CharacterClass") {
      add(FAILS, sample(node));
    }
  }
  return [...attacks.values()];
}

/** In no class that the server uses, except negated ones. */
const FAILS = "\u0001";

type Visit = { readonly node: AST.Element; readonly lead: string };

/** All parts of the expression, each with a text that leads to it. */
function* walk(alternatives: readonly AST.Alternative[], lead: string): Generator<Visit> {
  for (const alternative of alternatives) {
    let before = lead;
    for (const node of alternative.elements) {
      yield* visit(node, before);
      before += sample(node);
    }
  }
}

function* visit(node: AST.Element, lead: string): Generator<Visit> {
  yield { node, lead };
  if (node.type === "Quantifier") yield* visit(node.element, lead);
  else if ("alternatives" in node) yield* walk(node.alternatives, lead);
}

/** A text that the part matches. */
function sample(node: AST.Element): string {
  switch (node.type) {
    case "Character":
      return String.fromCodePoint(node.value);
    case "CharacterSet":
      return SETS[node.kind] ?? "x";
    case "CharacterClass":
      return sampleClass(node);
    case "Quantifier":
      return sample(node.element).repeat(Math.max(1, Math.min(node.min, 20)));
    case "Group":
    case "CapturingGroup":
      return sampleAlternative(node.alternatives[0]!);
    case "Assertion":
    case "Backreference":
    case "ExpressionCharacterClass":
      return "";
  }
}

const SETS: Readonly<Record<string, string>> = { digit: "0", space: " ", word: "a", any: "x", property: "A" };

const sampleAlternative = ({ elements }: AST.Alternative): string => elements.map(sample).join("");

const CANDIDATES = ["a", "0", " ", "x", "-", "<", '"', "A", "."];

function sampleClass(node: AST.CharacterClass): string {
  const matcher = new RegExp(node.raw, "unicodeSets" in node && node.unicodeSets ? "v" : "u");
  const own = node.elements.flatMap((element) => {
    if (element.type === "Character") return [String.fromCodePoint(element.value)];
    return element.type === "CharacterClassRange" ? [String.fromCodePoint(element.min.value)] : [];
  });
  return [...own, ...CANDIDATES].find((text) => matcher.test(text)) ?? "x";
}
