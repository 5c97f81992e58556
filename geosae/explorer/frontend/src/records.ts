// The tree of records of explore.json, as geosae/explorer/records.py writes it. A number that is not known is null.

export const SCHEMA = "geosae-explore-1";
export type Num = number | null;
export type Notion = "detection" | "separation" | "approximation";
export type Learner = "neurons" | "small_units" | "units";
export const NOTIONS: Notion[] = ["detection", "separation", "approximation"];
export const LEARNERS: Learner[] = ["neurons", "small_units", "units"];

export interface Block {
  dtype: "float64" | "float32" | "int32" | "uint8";
  shape: number[];
  data: string;
  /** Filled in when the world is opened. */
  values: ArrayLike<number>;
}

export interface ConceptAnswer {
  concept: string;
  neurons: number[];
  answer: "learned" | "not learned" | "undecided" | "no unit" | "not judged";
  error: Num;
  low: Num;
  high: Num;
  least_tolerance: Num;
  miss: Num;
  alarm: Num;
  price: Num;
  precision: Num;
  recall: Num;
  f1: Num;
  auc: Num;
  positives: number;
  needed: number;
  trivial: boolean;
}

export interface Truth {
  convex: boolean | null;
  irreducible_error: Num;
  one_neuron: boolean | null;
  unit: boolean | null;
  smallest_unit: number | null;
  unit_interval: [number, number | null] | null;
  error_interval: [number, number] | null;
}

export interface Plane {
  exact: boolean;
  words: string;
  origin: Block;
  axes: Block;
  shares: [number, number];
}

export interface SampleVerdict {
  possible: "neuron" | "unit" | "neither";
  points: number;
  margin: Num;
  normal: Block | null;
  offset: Num;
  common: { point: Block; weight: number; inside: boolean }[];
  intruders: number;
  intruder_points: Block | null;
  warning: string;
}

export interface Concept {
  name: string;
  points: number;
  share: number;
  truth: Truth | null;
  possible: string;
  above: number[];
  below: number[];
  plane: Plane | null;
  sample: SampleVerdict | null;
}

export interface Points {
  uniform: number;
  rows: Block;
  coordinates: Block;
  membership: Block;
  held_out: number;
}

export type Answers = Record<Notion, Record<Learner, ConceptAnswer[]>>;

export interface Neuron {
  fired: number;
  density: number;
  dead: boolean;
  dense: boolean;
  mean: Num;
  deviation: Num;
  skewness: Num;
  kurtosis: Num;
  greatest: Num;
  histogram: number[];
  ablation: Num;
  top: number[];
  random: number[];
  nearest: [number, number][];
  encoder_norm: number;
  decoder_norm: number;
}

export interface Geometry {
  half_spaces: boolean;
  weights: Block;
  offsets: Block;
  second: Block;
  origin: Block;
  shares: Block;
  activations: Block;
}

export interface LatticeNode {
  extent: number[];
  intent: number[];
  stability: number;
  delta: number;
  match: number | null;
}

export interface Lattice {
  nodes: LatticeNode[];
  covers: Block;
  positions: Block;
}

export interface LatticePair {
  tolerance: number;
  judged_at: number;
  truth: Lattice;
  learned: Lattice | null;
  reason: string;
  exact_recall: Num;
  exact_recall_floor: Num;
  tightness: Num;
  tightness_floor: Num;
}

export interface RoundTrip {
  concept: string;
  best_neuron: number | null;
  read_back: string | null;
  mutual: boolean;
  closed: boolean;
  siblings: string[];
}

export interface PairTable {
  error: Block;
  low: Block;
  high: Block;
  edges: Block;
}

export interface SAE {
  label: string;
  tolerance: number;
  alpha: number;
  fit_points: number;
  test_points: number;
  metrics: { l0: Num; fvu: Num; dead_share: Num; dense_share: Num; mcc: Num };
  columns: { name: string; answers: Answers }[];
  tables: Partial<Record<Notion, PairTable>>;
  approximation_reason: string;
  width: number;
  /** The neurons that are here, by number, where not all of them are. */
  kept: number[];
  fired: number[];
  neurons: Neuron[];
  geometry: Geometry | null;
  round_trips: RoundTrip[];
  lattices: LatticePair | null;
  python: string;
}

export interface World {
  name: string;
  size: number;
  dim: number;
  image: [number, number] | null;
  concepts: Concept[];
  points: Points | null;
  saes: SAE[];
  left_out: string[];
}

export interface Data {
  title: string;
  source: string;
  format: string;
  schema: string;
  worlds: World[];
  notes: string[];
}

const ARRAYS = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

async function unpacked(text: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export async function readData(packed: string): Promise<Data> {
  const data = JSON.parse(new TextDecoder().decode(await unpacked(packed.trim()))) as Data;
  if (data.schema !== SCHEMA) throw new Error(`The records are of the schema ${data.schema}, not ${SCHEMA}.`);
  return data;
}

/** Unpack every block below a value; blocks that are unpacked already stay as they are. */
export async function unpackBlocks(value: unknown): Promise<void> {
  if (value === null || typeof value !== "object") return;
  const block = value as Block;
  if (typeof block.data === "string" && typeof block.dtype === "string") {
    if (!block.values) block.values = new ARRAYS[block.dtype](await unpacked(block.data));
    return;
  }
  await Promise.all(Object.values(value).map(unpackBlocks));
}

/** The numbers of the neurons that are in this file. */
export const neuronsOf = (sae: SAE): number[] => (sae.kept.length ? sae.kept : Array.from({ length: sae.width }, (_, i) => i));

const slots = new WeakMap<SAE, Map<number, number>>();
/** Where neuron i stands in the tables of this file; −1 where it was left out. */
export function slotOf(sae: SAE, i: number): number {
  if (!sae.kept.length) return i;
  let places = slots.get(sae);
  if (!places) slots.set(sae, (places = new Map(sae.kept.map((number, slot) => [number, slot]))));
  return places.get(i) ?? -1;
}

/** Entry (i, j) of a block of two dimensions. */
export const at = (block: Block, i: number, j: number) => block.values[i * block.shape[1] + j];
/** Row i of a block of two dimensions. */
export const rowOf = (block: Block, i: number) =>
  Array.prototype.slice.call(block.values, i * block.shape[1], (i + 1) * block.shape[1]) as number[];
