// What is learned at a tolerance. At the SAE's own tolerance these are the stored answers; at another one they
// follow from what is stored: the least tolerance at which a unit is certified, and the lower end of its error.

import { LEARNERS, type Answers, type ConceptAnswer, type Learner, type Notion, type Truth } from "./records";

export type Answer = ConceptAnswer["answer"];
export type Choice = Learner | "simplest";
export const SYMBOLS: Record<Answer, string> = {
  learned: "✓",
  "not learned": "✗",
  undecided: "?",
  "no unit": "–",
  "not judged": "",
};
export const CHOICES: Record<Choice, string> = {
  simplest: "simplest that learned",
  neurons: "one neuron",
  small_units: "unit of ≤ 4",
  units: "unit of any size",
};

export function answerAt(row: ConceptAnswer, tolerance: number, stored: number): Answer {
  if (tolerance === stored || row.answer === "no unit") return row.answer;
  if (row.least_tolerance !== null && row.least_tolerance <= tolerance) return "learned";
  return row.low !== null && row.low > tolerance ? "not learned" : "undecided";
}

/** The row of a kind of learner; of the simplest one that has learned the concept, else of any units. */
export function rowFor(
  answers: Answers,
  notion: Notion,
  concept: number,
  choice: Choice,
  tolerance: number,
  stored: number,
): { row: ConceptAnswer; learner: Learner } | null {
  const rows = answers[notion];
  if (!rows || rows.units.length === 0) return null;
  if (choice !== "simplest") return { row: rows[choice][concept], learner: choice };
  const learner = LEARNERS.find((l) => answerAt(rows[l][concept], tolerance, stored) === "learned") ?? "units";
  return { row: rows[learner][concept], learner };
}

export function learnedCount(answers: Answers, notion: Notion, learner: Learner, tolerance: number, stored: number) {
  return answers[notion][learner].filter((row) => answerAt(row, tolerance, stored) === "learned").length;
}

export interface Mark {
  kind: "possible" | "impossible" | "unknown";
  words: string;
}

/** Whether theory knows that the region can be separated without error, or else what the sample's proof says. */
export function markOf(
  truth: Truth | null,
  sample: { possible: string; points: number } | null,
  by: "neuron" | "unit",
): Mark {
  const known = truth === null ? null : by === "neuron" ? truth.one_neuron : truth.unit;
  if (known !== null && known !== undefined) {
    const size = by === "unit" && known && truth?.smallest_unit ? `, by ${truth.smallest_unit} neuron${truth.smallest_unit === 1 ? "" : "s"}` : "";
    return { kind: known ? "possible" : "impossible", words: `theory, of the region${size}` };
  }
  if (sample === null) return { kind: "unknown", words: "nothing is known" };
  const points = `${sample.points.toLocaleString("en")} points`;
  const can = sample.possible === "neuron" || (by === "unit" && sample.possible === "unit");
  // Hulls of a sample lie inside those of the region: what cannot be separated there cannot be at all.
  return can
    ? { kind: "possible", words: `on ${points}, with a certificate; of the region nothing is known` }
    : { kind: "impossible", words: `certificate from ${points}` };
}
