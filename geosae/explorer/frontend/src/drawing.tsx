// The drawing of two lattices in one picture: where nodes stand is stored, here they are only scaled and joined.

import { useEffect, useRef } from "preact/hooks";
import { kindOfNode, nodeName, NodeMark, type Graph, type Selected, type Side } from "./lattice";
import type { Context } from "./ui";
import { num } from "./words";

export interface Panel {
  graph: Graph;
  side: Side;
  visible: boolean[];
  hits: boolean[];
  hidden: number;
}

type Place = (i: number) => [number, number];
const [WIDTH, HEIGHT] = [520, 500];
/** Between two nodes of a row there is so much room at least, else no labels are written. */
const ROOM = 86;

export function Drawing({ context, panels, selected }: { context: Context; panels: (Panel | null)[]; selected: Selected }) {
  const { set } = context;
  const svg = useRef<SVGSVGElement>(null);
  const moved = useRef(false);
  useEffect(() => {
    // After a move by keys the focus follows the selection.
    if (moved.current) svg.current?.querySelector<SVGElement>('[tabindex="0"]')?.focus();
    moved.current = false;
  });
  const below = typeof innerWidth === "number" && innerWidth < 700;
  const offset = (k: number): [number, number] => (below ? [0, k * HEIGHT] : [k * WIDTH, 0]);
  const places = panels.map((panel, k) => panel && placesOf(panel, ...offset(k)));
  const select = (side: Side, node: number) => {
    const panel = panels[side === "t" ? 0 : 1];
    const concept = panel?.graph.objects.get(node)?.[0];
    const neuron = side === "l" ? panel?.graph.attributes.get(node)?.[0] : undefined;
    set({ node: `${side}${node}`, ...(concept === undefined ? {} : { concept }), ...(neuron === undefined ? {} : { neuron }) });
  };
  const move = (event: KeyboardEvent) => {
    const k = selected.side === "t" ? 0 : 1;
    const panel = panels[k];
    const place = places[k];
    if (!panel || !place) return;
    const next = step(event.key, panel, place, selected.node);
    if (event.key === "x") {
      const match = panel.graph.lattice.nodes[selected.node].match;
      if (match !== null && panels[1 - k]) select(selected.side === "t" ? "l" : "t", match);
    } else if (next === undefined) return;
    else select(selected.side, next);
    moved.current = true;
    event.preventDefault();
  };
  return (
    <svg ref={svg} class="picture lattices" viewBox={below ? `0 0 ${WIDTH} ${2 * HEIGHT}` : `0 0 ${2 * WIDTH} ${HEIGHT}`} role="group" aria-label="True lattice and learned lattice" onKeyDown={move}>
      {panels[0] && panels[1] && <Joins panels={panels as Panel[]} places={places as Place[]} selected={selected} />}
      {panels.map((panel, k) => {
        const [x, y] = offset(k);
        return (
          <g key={k}>
            {k === 1 && <line class="divider" x1={x} y1={y} x2={below ? WIDTH : x} y2={below ? y : HEIGHT} />}
            <text class="axis" x={x + 12} y={y + 20}>{k === 0 ? "true lattice" : "learned lattice"}</text>
            {panel ? <Nodes context={context} panel={panel} place={places[k]!} selected={selected} select={select} /> : <text class="axis" x={x + 40} y={y + HEIGHT / 2}>not stored: too large to be drawn</text>}
          </g>
        );
      })}
    </svg>
  );
}

/** Scale what is visible into a panel. */
function placesOf(panel: Panel, left: number, top: number): Place {
  const { values } = panel.graph.lattice.positions;
  const shown = panel.visible.map((v, i) => (v ? i : -1)).filter((i) => i >= 0);
  const range = (axis: number) => {
    const list = shown.map((i) => values[2 * i + axis]);
    return list.length ? [Math.min(...list), Math.max(...list)] : [0, 1];
  };
  const [[x0, x1], [y0, y1]] = [range(0), range(1)];
  const scale = (v: number, low: number, high: number) => (high > low ? (v - low) / (high - low) : 0.5);
  return (i) => [
    left + 40 + scale(values[2 * i], x0, x1) * (WIDTH - 80),
    top + HEIGHT - 45 - scale(values[2 * i + 1], y0, y1) * (HEIGHT - 95),
  ];
}

/** The node to which an arrow leads: along a cover, or to the next in the same row. */
function step(key: string, panel: Panel, place: Place, from: number): number | undefined {
  const seen = (list: number[]) => list.filter((i) => panel.visible[i]);
  const [x, y] = place(from);
  const nearest = (list: number[]) => seen(list).sort((a, b) => Math.abs(place(a)[0] - x) - Math.abs(place(b)[0] - x))[0];
  if (key === "ArrowUp") return nearest(panel.graph.upper[from]);
  if (key === "ArrowDown") return nearest(panel.graph.lower[from]);
  const row = panel.graph.lattice.nodes.map((_, i) => i).filter((i) => panel.visible[i] && i !== from && Math.abs(place(i)[1] - y) < 1);
  if (key === "ArrowRight") return nearest(row.filter((i) => place(i)[0] > x));
  if (key === "ArrowLeft") return nearest(row.filter((i) => place(i)[0] < x));
  return undefined;
}

function Joins({ panels, places, selected }: { panels: Panel[]; places: Place[]; selected: Selected }) {
  const [truth, learned] = panels;
  return (
    <g class="joins">
      {truth.graph.lattice.nodes.map((node, i) => {
        if (node.match === null || !truth.visible[i] || !learned.visible[node.match]) return null;
        const [[x0, y0], [x1, y1]] = [places[0](i), places[1](node.match)];
        const chosen = selected.side === "t" ? selected.node === i : selected.node === node.match;
        const bend = x0 === x1 ? 0 : 30;
        return <path key={i} class={chosen ? "join chosen" : "join"} d={`M${x0} ${y0}C${(x0 + x1) / 2} ${y0 - bend} ${(x0 + x1) / 2} ${y1 - bend} ${x1} ${y1}`} />;
      })}
    </g>
  );
}

interface NodesProps { context: Context; panel: Panel; place: Place; selected: Selected; select(side: Side, node: number): void }

function Nodes({ context, panel, place, selected, select }: NodesProps) {
  const { graph, side, visible, hits } = panel;
  const { nodes, covers } = graph.lattice;
  const on = selected.side === side;
  const near = new Set(on ? [selected.node, ...graph.upper[selected.node], ...graph.lower[selected.node]] : []);
  const roomy = labelled(panel, place);
  const edges = Array.from({ length: covers.shape[0] }, (_, e) => [covers.values[2 * e], covers.values[2 * e + 1]]).filter(([a, b]) => visible[a] && visible[b]);
  return (
    <>
      <g class="covers">
        {edges.map(([a, b], e) => {
          const [[x0, y0], [x1, y1]] = [place(a), place(b)];
          const chosen = on && (a === selected.node || b === selected.node);
          return <line key={e} class={chosen ? "cover chosen" : "cover"} x1={x0} y1={y0} x2={x1} y2={y1} />;
        })}
      </g>
      {nodes.map((node, i) => {
        if (!visible[i]) return null;
        const [x, y] = place(i);
        const chosen = on && i === selected.node;
        const kind = kindOfNode(side, node.match);
        const name = nodeName(context, graph, i);
        const label = chosen || hits[i] || roomy.has(i);
        const short = name.length > 16 && !chosen ? `${name.slice(0, 15)}…` : name;
        return (
          <g key={i} class={`node ${kind}${chosen ? " chosen" : ""}${hits[i] ? " hit" : ""}${near.has(i) ? " near" : ""}`} role="button" aria-pressed={chosen}
            data-node={`${side}${i}`} tabindex={chosen ? 0 : -1} aria-label={`${name}: ${side === "t" ? "true" : "learned"}, ${kind}, ${node.extent.length} concepts, stability ${num(node.stability, 2)}`}
            onClick={() => select(side, i)}>
            <title>{`${name} (${kind}; stability ${num(node.stability, 2)}, Δ ${node.delta})`}</title>
            <circle class="target" cx={x} cy={y} r="11" />
            {(chosen || hits[i]) && <circle class="ring" cx={x} cy={y} r="9" />}
            <NodeMark kind={kind} x={x} y={y} r={4.5} />
            {label && <text x={Math.min(Math.max(x, 45), 2 * WIDTH - 45)} y={y + (graph.upper[i].length === 0 ? -12 : 21)} text-anchor="middle">{short}</text>}
          </g>
        );
      })}
    </>
  );
}

/** The nodes whose labels have room beside those of their neighbours in the row. */
function labelled(panel: Panel, place: Place): Set<number> {
  const rows = new Map<number, number[]>();
  panel.visible.forEach((v, i) => {
    if (v) rows.set(Math.round(place(i)[1]), [...(rows.get(Math.round(place(i)[1])) ?? []), i]);
  });
  const roomy = new Set<number>();
  for (const row of rows.values()) {
    row.sort((a, b) => place(a)[0] - place(b)[0]);
    const gaps = row.slice(1).map((i, k) => place(i)[0] - place(row[k])[0]);
    if (Math.min(...gaps, Infinity) > ROOM) row.forEach((i) => roomy.add(i));
  }
  return roomy;
}
