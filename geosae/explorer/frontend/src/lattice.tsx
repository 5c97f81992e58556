// View 4: the true lattice beside the learned one; what they share is joined, what one of them lacks is marked.

import { useMemo, useRef } from "preact/hooks";
import { Drawing, type Panel } from "./drawing";
import type { Lattice, LatticePair } from "./records";
import { Facts, Go, NeuronLinks, Note, Tools, type Context } from "./ui";
import { num, plural, type Cell } from "./words";

export type Side = "t" | "l";
const NAMES: Record<Side, string> = { t: "true", l: "learned" };

export interface Graph {
  lattice: Lattice;
  upper: number[][];
  lower: number[][];
  /** The node at which a concept appears first: the least one that holds it. */
  objects: Map<number, number[]>;
  /** The node at which an attribute appears first: the greatest one that has it. */
  attributes: Map<number, number[]>;
}

export function graphOf(lattice: Lattice): Graph {
  const m = lattice.nodes.length;
  const [upper, lower] = [0, 1].map(() => Array.from({ length: m }, () => [] as number[]));
  for (let e = 0; e < lattice.covers.shape[0]; e++) {
    const [low, high] = [lattice.covers.values[2 * e], lattice.covers.values[2 * e + 1]];
    upper[low].push(high);
    lower[high].push(low);
  }
  const first = (order: number[], of: (i: number) => number[]) => {
    const seen = new Set<number>();
    const labels = new Map<number, number[]>();
    for (const i of order) {
      const fresh = of(i).filter((g) => !seen.has(g));
      fresh.forEach((g) => seen.add(g));
      if (fresh.length) labels.set(i, fresh);
    }
    return labels;
  };
  const order = lattice.nodes.map((_, i) => i);
  return {
    lattice,
    upper,
    lower,
    // Nodes stand by growing extent.
    objects: first(order, (i) => lattice.nodes[i].extent),
    attributes: first([...order].reverse(), (i) => lattice.nodes[i].intent),
  };
}

export function nodeOf(graph: Graph, concept: number): number {
  for (const [node, concepts] of graph.objects) if (concepts.includes(concept)) return node;
  return graph.lattice.nodes.length - 1;
}

export function LatticeView({ context }: { context: Context }) {
  const pair = context.sae.lattices;
  if (!pair) return <p>No lattice was stored for this SAE.</p>;
  return <Both context={context} pair={pair} />;
}

function Both({ context, pair }: { context: Context; pair: LatticePair }) {
  const { world, sae, state, set } = context;
  const picture = useRef<HTMLDivElement>(null);
  const graphs = useMemo(() => ({ t: graphOf(pair.truth), l: pair.learned ? graphOf(pair.learned) : null }), [pair]);
  const selected = selection(context, graphs);
  const panels = (["t", "l"] as Side[]).map((side) => panelOf(context, graphs[side], side, selected, graphs[selected.side]!.lattice.nodes[selected.node].extent));
  const most = Math.max(...panels.map((panel) => panel?.hidden ?? 0));
  const deepest = world.concepts.length;
  return (
    <div class="lattice">
      <div class="bar-line title-line">
        <input type="search" placeholder="Find a concept or a neuron, n7" aria-label="Find a concept or a neuron" value={state.find} onInput={(e) => set({ find: e.currentTarget.value })} />
        <label>At least <output>{state.support}</output> concepts
          <input type="range" min="0" max={Math.min(deepest, 20)} value={String(state.support)} aria-label="Iceberg: least number of concepts in a node" onInput={(e) => set({ support: Number(e.currentTarget.value) })} />
        </label>
        <label>Stability at least <output>{num(state.stability, 2)}</output>
          <input type="range" min="0" max="1" step="0.05" value={String(state.stability)} aria-label="Least stability" onInput={(e) => set({ stability: Number(e.currentTarget.value) })} />
        </label>
        <label>Δ at least <output>{state.delta}</output>
          <input type="range" min="0" max={Math.min(deepest, 20)} value={String(state.delta)} aria-label="Least Δ: concepts lost by a further step" onInput={(e) => set({ delta: Number(e.currentTarget.value) })} />
        </label>
        <label>Focus
          <select value={String(state.radius)} onChange={(e) => set({ radius: Number(e.currentTarget.value) })}>
            <option value="0">whole lattices</option>
            <option value="1">the node and its neighbours</option>
            <option value="2">two steps around it</option>
            <option value="3">three steps around it</option>
          </select>
        </label>
        <Tools name="lattices" table={() => table(context, pair)} picture={picture} python={`${sae.python}lattices = results.lattices(result)\nprint(lattices.comparison)\nprint(lattices.detection.columns())\n`} />
      </div>
      <p class="summary">
        {counts(pair, world.concepts.length)} The learned lattice is that of certified detection at ε = {num(pair.tolerance)}
        {pair.tolerance !== pair.judged_at && `, where enough is certified to be drawn; at ε = ${num(pair.judged_at)}, where the SAE is judged, the comparison is`}.{" "}
        {pair.tolerance === pair.judged_at && "The comparison: "}
        exact recall {num(pair.exact_recall, 2)} (floor under permuted columns {num(pair.exact_recall_floor, 2)}), tightness {num(pair.tightness, 2)} (floor {num(pair.tightness_floor, 2)}).
      </p>
      {most > 0 && <p class="hint" id="hidden" role="status">Hidden: {panels.map((panel, i) => panel && `${panel.hidden} of ${panel.graph.lattice.nodes.length} nodes of the ${NAMES[(["t", "l"] as Side[])[i]]} lattice`).filter(Boolean).join(", ")}.</p>}
      <div class="with-side">
        <figure ref={picture} class="scroll drawing" data-arrows="" tabIndex={-1}>
          <Drawing context={context} panels={panels} selected={selected} />
          <figcaption>
            <ul class="legend">
              <li><Key kind="matched" /> in both lattices: the same set of concepts; joined by a line</li>
              <li><Key kind="missing" /> missing: true, not learned</li>
              <li><Key kind="spurious" /> spurious: learned, not true</li>
            </ul>
            Greater sets of concepts stand higher. Arrows move: up and down along a cover, left and right in a row, x to the other lattice.
            {pair.reason && ` No learned lattice is drawn: ${pair.reason}.`}
          </figcaption>
        </figure>
        <Inspector context={context} graphs={graphs} selected={selected} />
      </div>
    </div>
  );
}

function counts(pair: LatticePair, concepts: number): string {
  // ∅ and the set of all concepts are in every lattice, or nearly so: they would flatter the counts.
  const inner = (lattice: Lattice) => lattice.nodes.filter((n) => n.extent.length > 0 && n.extent.length < concepts);
  const truth = inner(pair.truth);
  const matched = truth.filter((n) => n.match !== null).length;
  if (!pair.learned) return `${plural(truth.length, "true node")} beside ∅ and all.`;
  const learned = inner(pair.learned);
  const spurious = learned.filter((n) => n.match === null).length;
  return `Beside ∅ and all, ${matched} of ${plural(truth.length, "true node")} ${matched === 1 ? "is" : "are"} learned and ${truth.length - matched} missing; ${spurious} of ${plural(learned.length, "learned node")} ${spurious === 1 ? "is" : "are"} spurious.`;
}

export interface Selected { side: Side; node: number }

/** The node that is selected; without one, that of the selected concept in the true lattice. */
function selection({ state }: Context, graphs: Record<Side, Graph | null>): Selected {
  const side = (state.node[0] ?? "t") as Side;
  const node = Number(state.node.slice(1));
  const graph = graphs[side];
  if (state.node && graph && node < graph.lattice.nodes.length) return { side, node };
  return { side: "t", node: nodeOf(graphs.t!, state.concept) };
}

/** The least node whose extent holds a set of concepts: what becomes of the set in this lattice. */
export function closureOf(graph: Graph, extent: number[]): number {
  return graph.lattice.nodes.findIndex((node) => extent.every((k) => node.extent.includes(k)));
}

function panelOf({ state, world }: Context, graph: Graph | null, side: Side, selected: Selected, extent: number[]): Panel | null {
  if (!graph) return null;
  const { nodes } = graph.lattice;
  const centre = selected.side === side ? selected.node : closureOf(graph, extent);
  const near = state.radius > 0 ? (centre >= 0 ? around(graph, centre, state.radius) : new Set<number>()) : null;
  const visible = nodes.map((node, i) => (!near || near.has(i)) && node.extent.length >= state.support && node.delta >= state.delta && node.stability >= state.stability - 1e-12);
  const find = state.find.trim().toLowerCase();
  const number = /^n?(\d+)$/.exec(find);
  const hits = nodes.map((_, i) => {
    if (!find) return false;
    const named = (graph.objects.get(i) ?? []).some((g) => world.concepts[g].name.toLowerCase().includes(find));
    return named || (side === "l" && number !== null && (graph.attributes.get(i) ?? []).includes(Number(number[1])));
  });
  return { graph, side, visible, hits, hidden: visible.filter((v) => !v).length };
}

function around(graph: Graph, from: number, steps: number): Set<number> {
  const near = new Set([from]);
  let edge = [from];
  for (let step = 0; step < steps; step++) {
    edge = edge.flatMap((i) => [...graph.upper[i], ...graph.lower[i]]).filter((i) => !near.has(i));
    edge.forEach((i) => near.add(i));
  }
  return near;
}

export const kindOfNode = (side: Side, match: number | null) => (match !== null ? "matched" : side === "t" ? "missing" : "spurious");

/** The mark of a node; kinds differ in shape. */
export function NodeMark({ kind, x, y, r }: { kind: string; x: number; y: number; r: number }) {
  if (kind === "missing") return <path class="mark" d={`M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}Z`} />;
  if (kind === "spurious") return <rect class="mark" x={x - r} y={y - r} width={2 * r} height={2 * r} />;
  return <circle class="mark" cx={x} cy={y} r={r} />;
}

const Key = ({ kind }: { kind: string }) => <svg width="14" height="12" aria-hidden="true"><g class={`node ${kind}`}><NodeMark kind={kind} x={7} y={6} r={4} /></g></svg>;

function Inspector({ context, graphs, selected }: { context: Context; graphs: Record<Side, Graph | null>; selected: Selected }) {
  const { world, set, sae } = context;
  const graph = graphs[selected.side]!;
  const node = graph.lattice.nodes[selected.node];
  const kind = kindOfNode(selected.side, node.match);
  const other: Side = selected.side === "t" ? "l" : "t";
  const image = graphs[other] ? closureOf(graphs[other], node.extent) : -1;
  const Concepts = ({ of }: { of: number[] }) => <>{of.slice(0, 24).map((k) => <Go key={k} context={context} to={{ concept: k, node: `${selected.side}${selected.node}` }} view="concept">{world.concepts[k].name}</Go>)}{of.length > 24 && `and ${of.length - 24} more`}</>;
  const Nodes = ({ of }: { of: number[] }) => of.length ? <>{of.slice(0, 16).map((i) => <button key={i} type="button" class="go" onClick={() => set({ node: `${selected.side}${i}` })}>{nodeName(context, graph, i)}</button>)}{of.length > 16 && `and ${of.length - 16} more`}</> : <>none</>;
  return (
    <aside class="inspector" aria-label="Inspector">
      <h2>{nodeName(context, graph, selected.node)}</h2>
      <Facts rows={[
        ["lattice", `${NAMES[selected.side]}, ${kind}`],
        [`extent: ${plural(node.extent.length, "concept")}`, <span id="node-extent">{node.extent.length ? <Concepts of={node.extent} /> : "no concept"}</span>],
        [`intent: ${selected.side === "l" ? plural(node.intent.length, "neuron") : plural(node.intent.length, "concept")}`, node.intent.length === 0 ? "none" : selected.side === "l" ? <NeuronLinks context={context} neurons={node.intent} most={16} /> : <Concepts of={node.intent} />],
        ["stability", <span id="node-stability">{num(node.stability)}</span>],
        ["Δ: concepts lost by a further step", num(node.delta)],
        ["next greater", <Nodes of={graph.upper[selected.node]} />],
        ["next smaller", <Nodes of={graph.lower[selected.node]} />],
        [`in the ${NAMES[other]} lattice`, graphs[other] === null ? "not stored" : <>{node.match === null ? "no node with this extent; its closure there: " : "its match: "}<button type="button" class="go" onClick={() => set({ node: `${other}${image}` })}>{nodeName(context, graphs[other], image)}</button></>],
      ]} />
      <Note context={context} target={`${world.name} / ${sae.label} / ${NAMES[selected.side]} node ${node.extent.map((k) => world.concepts[k].name).join(", ") || "∅"}`} />
    </aside>
  );
}

/** What a node is called: the concepts that appear there, or else its neurons, or else its extent. */
export function nodeName({ world }: Context, graph: Graph, i: number): string {
  const { extent } = graph.lattice.nodes[i];
  if (extent.length === 0) return "∅";
  if (extent.length === world.concepts.length) return "all concepts";
  const own = graph.objects.get(i);
  const names = (own ?? extent).map((k) => world.concepts[k].name);
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

function table({ world }: Context, pair: LatticePair): Cell[][] {
  const rows: Cell[][] = [["lattice", "node", "kind", "extent", "intent", "stability", "delta", "x", "y"]];
  const add = (lattice: Lattice, side: Side) =>
    lattice.nodes.forEach((node, i) => {
      const intent = side === "t" ? node.intent.map((k) => world.concepts[k].name).join("; ") : node.intent.map((k) => `n${k}`).join(" ");
      rows.push([NAMES[side], i, kindOfNode(side, node.match), node.extent.map((k) => world.concepts[k].name).join("; "), intent, node.stability, node.delta, lattice.positions.values[2 * i], lattice.positions.values[2 * i + 1]]);
    });
  add(pair.truth, "t");
  if (pair.learned) add(pair.learned, "l");
  return rows;
}
