// What is selected. All of it stands in the address after #, so that a reload or a mailed link shows the same.

import type { Choice } from "./judge";
import type { Data, Learner, Notion } from "./records";

export const VIEWS = ["answers", "concept", "neuron", "lattice"] as const;
export type View = (typeof VIEWS)[number];

export interface State {
  view: View;
  world: number;
  sae: number;
  concept: number;
  neuron: number;
  /** The selected node: t or l and its number; empty for none. */
  node: string;
  notion: Notion;
  learner: Choice;
  /** Which unit the concept's picture judges. */
  unit: Learner | "neuron";
  /** ε; null for the SAE's own. */
  eps: number | null;
  sort: string;
  find: string;
  kind: string;
  support: number;
  delta: number;
  stability: number;
  radius: number;
}

export const START: State = {
  view: "answers",
  world: 0,
  sae: 0,
  concept: 0,
  neuron: 0,
  node: "",
  notion: "separation",
  learner: "simplest",
  unit: "neurons",
  eps: null,
  sort: "",
  find: "",
  kind: "all",
  support: 0,
  delta: 0,
  stability: 0,
  radius: 0,
};

export function fromHash(hash: string, data: Data): State {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state: Record<string, unknown> = { ...START };
  for (const [key, value] of given) {
    if (!(key in START)) continue;
    const number = typeof (START as never)[key] === "number" || key === "eps";
    if (number && value !== "" && Number.isFinite(Number(value))) state[key] = Number(value);
    else if (!number) state[key] = value;
  }
  return within(state as unknown as State, data);
}

/** Bring numbers of another source, or of another world, into the range that there is. */
export function within(state: State, data: Data): State {
  const index = (i: number, n: number) => (Number.isInteger(i) && i >= 0 && i < n ? i : 0);
  const world = index(state.world, data.worlds.length);
  const of = data.worlds[world];
  const sae = index(state.sae, of.saes.length);
  const choice = <T extends string>(value: T, values: readonly string[], other: T) =>
    values.includes(value) ? value : other;
  return {
    ...state,
    view: choice(state.view, VIEWS, "answers"),
    world,
    sae,
    concept: index(state.concept, of.concepts.length),
    neuron: index(state.neuron, of.saes[sae]?.width ?? 1),
    notion: choice(state.notion, ["detection", "separation", "approximation"], "separation"),
    learner: choice(state.learner, ["simplest", "neurons", "small_units", "units"], "simplest"),
    unit: choice(state.unit, ["neuron", "neurons", "small_units", "units"], "neurons"),
    node: /^[tl]\d+$/.test(state.node) ? state.node : "",
    eps: state.eps === null ? null : Math.min(Math.max(state.eps, 0), 1),
  };
}

export function toHash(state: State): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(state))
    if (value !== null && value !== (START as never)[key]) given.set(key, String(value));
  return `#${given}`;
}
