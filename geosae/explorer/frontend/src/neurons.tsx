// The table of all neurons: sorted by any column, filtered by kind and by the names of what they learn.

import { useEffect, useMemo, useRef } from "preact/hooks";
import { learnedBy } from "./neuron";
import { neuronsOf, NOTIONS, slotOf, type Notion } from "./records";
import { Go, Tools, type Context } from "./ui";
import { num, percent, plural, type Cell } from "./words";

const KINDS: Record<string, string> = {
  all: "all",
  dead: "dead: fires nowhere",
  dense: "dense: fires on more than half",
  learns: "certified for a concept",
  several: "certified for two or more",
  nothing: "fires, and is certified for none",
};
const PAGE = 50;

interface Line {
  neuron: number;
  density: number;
  mean: number | null;
  ablation: number | null;
  edges: number;
  best: Partial<Record<Notion, { concept: number; error: number; edge: boolean }>>;
}

const HEADS: [string, string][] = [
  ["neuron", "neuron"],
  ["density", "fires on"],
  ["mean", "mean activation"],
  ["ablation", "ablation"],
  ["edges", "certified for"],
];

function linesOf(context: Context): Line[] {
  const { sae } = context;
  const total = sae.fit_points + sae.test_points;
  return neuronsOf(sae).map((i) => {
    const record = sae.neurons[slotOf(sae, i)];
    const best: Line["best"] = {};
    const edges = new Set<number>();
    for (const notion of NOTIONS) {
      const learned = learnedBy(context, notion, i);
      if (learned.length) best[notion] = learned[0];
      for (const each of learned) if (each.edge) edges.add(each.concept);
    }
    return { neuron: i, density: sae.fired[i] / total, mean: record?.mean ?? null, ablation: record?.ablation ?? null, edges: edges.size, best };
  });
}

const WITH: Record<string, (line: Line) => boolean> = {
  all: () => true,
  dead: (line) => line.density === 0,
  dense: (line) => line.density > 0.5,
  learns: (line) => line.edges > 0,
  several: (line) => line.edges > 1,
  nothing: (line) => line.edges === 0 && line.density > 0,
};

export function NeuronTable({ context }: { context: Context }) {
  const { sae, world, state, set } = context;
  const lines = useMemo(() => linesOf(context), [sae]);
  const notions = NOTIONS.filter((n) => sae.tables[n]);
  const find = state.find.toLowerCase();
  const kind = state.kind in WITH ? state.kind : "all";
  const matches = (line: Line) =>
    `n${line.neuron}` === find || String(line.neuron) === find ||
    Object.values(line.best).some((b) => world.concepts[b.concept].name.toLowerCase().includes(find));
  const rows = lines.filter((line) => WITH[kind](line) && (!find || matches(line)));
  const [column, down] = [state.sort.replace(/^-/, ""), state.sort.startsWith("-")];
  const value = (line: Line): number => {
    const notion = notions.find((n) => n === column);
    const v = notion ? line.best[notion]?.error : (line[column as keyof Line] as number | null | undefined);
    return v ?? Number.NEGATIVE_INFINITY;
  };
  if (HEADS.some(([key]) => key === column) || notions.includes(column as Notion))
    rows.sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)) || a.neuron - b.neuron);
  const page = Math.max(0, Math.floor(rows.findIndex((l) => l.neuron === state.neuron) / PAGE));
  const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Selected elsewhere, a neuron is brought into view here, without moving the page.
    const line = box.current?.querySelector<HTMLElement>("tr.selected");
    if (box.current && line && (line.offsetTop < box.current.scrollTop + 30 || line.offsetTop > box.current.scrollTop + box.current.clientHeight - 30))
      box.current.scrollTop = line.offsetTop - box.current.clientHeight / 2;
  }, [state.neuron, state.sort, state.kind, sae]);
  const sort = (key: string) => set({ sort: state.sort === key ? `-${key}` : key });
  const Head = ({ name, words }: { name: string; words: string }) => (
    <th scope="col" aria-sort={column === name ? (down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sort" onClick={() => sort(name)}>{words} <span aria-hidden="true">{column === name ? (down ? "▾" : "▴") : "↕"}</span></button>
    </th>
  );
  const table = (): Cell[][] => [
    ["neuron", "density", "mean", "ablation", "certified_for", ...notions.flatMap((n) => [n, `${n}_error`])],
    ...rows.map((l): Cell[] => [l.neuron, l.density, l.mean, l.ablation, l.edges, ...notions.flatMap((n): Cell[] => [l.best[n] ? world.concepts[l.best[n].concept].name : "", l.best[n]?.error])]),
  ];
  return (
    <section aria-label="All neurons">
      <div class="bar-line title-line">
        <input type="search" placeholder="Find a neuron or a concept" aria-label="Find a neuron or a concept" value={state.find} onInput={(e) => set({ find: e.currentTarget.value })} />
        <label>Show
          <select value={kind} onChange={(e) => set({ kind: e.currentTarget.value })}>
            {Object.entries(KINDS).map(([key, words]) => <option key={key} value={key}>{words}</option>)}
          </select>
        </label>
        <span role="status">{plural(rows.length, "neuron")} of {sae.width.toLocaleString("en")}{sae.kept.length > 0 && `; this file keeps ${sae.kept.length.toLocaleString("en")}`}</span>
        {rows.length > PAGE && (
          <span class="walk">
            <button type="button" disabled={page === 0} onClick={() => set({ neuron: rows[(page - 1) * PAGE].neuron })}>← {PAGE}</button>
            page {page + 1} of {Math.ceil(rows.length / PAGE)}
            <button type="button" disabled={(page + 1) * PAGE >= rows.length} onClick={() => set({ neuron: rows[(page + 1) * PAGE].neuron })}>{PAGE} →</button>
          </span>
        )}
        <Tools name="neurons" table={table} python={`${sae.python}print(alignment.metrics.fired)\n`} />
      </div>
      <div class="scroll table" ref={box} tabIndex={0} role="region" aria-label="Table of neurons">
        <table class="plain">
          <thead>
            <tr>{HEADS.map(([key, words]) => <Head key={key} name={key} words={words} />)}{notions.map((n) => <Head key={n} name={n} words={`${n}: best`} />)}</tr>
          </thead>
          <tbody>
            {shown.map((line) => (
              <tr key={line.neuron} class={line.neuron === state.neuron ? "selected" : ""}>
                <th scope="row"><button type="button" class="go" aria-pressed={line.neuron === state.neuron} onClick={() => set({ neuron: line.neuron })}>n{line.neuron}</button></th>
                <td class="number">{percent(line.density)}{line.density === 0 ? " dead" : line.density > 0.5 ? " dense" : ""}</td>
                <td class="number">{num(line.mean)}</td>
                <td class="number">{num(line.ablation)}</td>
                <td class="number">{line.edges}</td>
                {notions.map((n) => {
                  const best = line.best[n];
                  return <td key={n}>{best ? <><Go context={context} to={{ neuron: line.neuron, concept: best.concept, notion: n }}>{world.concepts[best.concept].name}</Go> {num(best.error, 2)} {best.edge ? "✓" : ""}</> : "–"}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
