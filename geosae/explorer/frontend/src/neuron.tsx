// View 3: all neurons in a table that sorts and filters, and one of them in full.

import { useMemo, useRef } from "preact/hooks";
import { NeuronTable } from "./neurons";
import { Dot, halfPlane, path, Picture, Sample, windowOf, type Pair } from "./picture";
import { at, neuronsOf, NOTIONS, rowOf, slotOf, type Geometry, type Neuron, type Notion, type Points } from "./records";
import { Facts, Go, Note, Tools, Walk, type Context } from "./ui";
import { interval, num, percent, plural, type Cell } from "./words";

export function NeuronView({ context }: { context: Context }) {
  const { world, sae, state, set } = context;
  const picture = useRef<HTMLDivElement>(null);
  const i = state.neuron;
  const record: Neuron | undefined = sae.neurons[slotOf(sae, i)];
  const all = neuronsOf(sae);
  return (
    <div class="neurons">
      <NeuronTable context={context} />
      <section aria-label="Inspector" id="neuron">
        <div class="bar-line title-line">
          <h2>Neuron n{i}</h2>
          <Walk at={Math.max(0, all.indexOf(i))} count={all.length} go={(k) => set({ neuron: all[k] })} what="neuron" />
          <Tools name={`neuron n${i}`} table={() => table(context)} picture={picture}
            python={`${sae.python}neuron = ${i}\nprint(alignment.metrics.fired[neuron], alignment.separation.worst[:, neuron])\n`} />
        </div>
        <div class="two">
          <div ref={picture}>
            {slotOf(sae, i) < 0 ? <p>n{i} is not in this file: it keeps {plural(all.length, "neuron")} of {sae.width.toLocaleString("en")}.</p> : world.points && sae.geometry ? <HalfSpace context={context} points={world.points} geometry={sae.geometry} /> : <p>Pictures need the points: explore the folder of a run.</p>}
          </div>
          <div>
            <Facts rows={[
              ["fires on", `${sae.fired[i].toLocaleString("en")} held-out points`],
              ...(record ? ([
                ["density", <><span id="neuron-density">{percent(record.density)}</span>{record.dead ? ", dead" : record.dense ? ", dense" : ""}</>],
                ["activation where it fires", `mean ${num(record.mean)}, deviation ${num(record.deviation)}, greatest ${num(record.greatest)}`],
                ["skewness, kurtosis", `${num(record.skewness)}, ${num(record.kurtosis)} (normal: 0, 3)`],
                ["ablation adds to the FVU", <span id="neuron-ablation">{num(record.ablation)}</span>],
                ["‖encoder‖, ‖atom‖", `${num(record.encoder_norm)}, ${num(record.decoder_norm)}`],
                ["nearest atoms", <>{record.nearest.map(([j, c]) => <span key={j}><Go context={context} to={{ neuron: j }}>n{j}</Go>{num(c, 2)} </span>)}</>],
              ] as [string, preact.ComponentChildren][]) : []),
            ]} />
            {record && <Histogram record={record} />}
            <Learns context={context} />
            {record && world.points && <Examples context={context} record={record} points={world.points} />}
            <Note context={context} target={`${world.name} / ${sae.label} / n${i}`} />
          </div>
        </div>
      </section>
    </div>
  );
}

/** The points along the neuron's weight, and across it: its half-space is what lies right of the line. */
function HalfSpace({ context, points, geometry }: { context: Context; points: Points; geometry: Geometry }) {
  const { state, world, sae } = context;
  const i = slotOf(sae, state.neuron);
  const drawn = useMemo(() => {
    const n = geometry.weights.shape[1];
    const weights = rowOf(geometry.weights, i);
    const second = rowOf(geometry.second, i);
    const length = Math.hypot(...weights) || 1;
    const exact = n <= 2;
    // In the plane itself the axes stay the data's own, so that pictures of several neurons compare.
    const axes = exact ? [[1, 0], [0, 1]] : [weights.map((v) => v / length), second];
    const origin = exact ? [0, 0] : geometry.origin.values;
    const [k] = points.coordinates.shape;
    const pairs = Array.from({ length: k }, (_, r) => {
      const pair: Pair = [0, 0];
      for (let j = 0; j < n; j++) {
        const d = points.coordinates.values[r * n + j] - origin[j];
        pair[0] += d * axes[0][j];
        pair[1] += d * axes[1][j];
      }
      return pair;
    });
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from({ length: n }, (_, j) => a[j] * b[j]).reduce((x, y) => x + y, 0);
    const line = [dot(weights, axes[0]), dot(weights, axes[1]), geometry.offsets.values[i] + dot(weights, origin)];
    return { pairs, line, exact, n };
  }, [geometry, points, i]);
  const { pairs, line, exact, n } = drawn;
  const p = points.membership.shape[1];
  const w = windowOf(pairs);
  const cut = halfPlane(line[0], line[1], line[2], w);
  const fires = pairs.map((_, r) => at(geometry.activations, r, i) !== 0);
  const order = fires.map((_, r) => r).sort((a, b) => Number(fires[a]) - Number(fires[b]));
  const concept = world.concepts[state.concept].name;
  const shares = [at(geometry.shares, i, 0), at(geometry.shares, i, 1)];
  return (
    <figure>
      <Picture label={`Where neuron n${state.neuron} fires`} window={w} axes={exact ? ["x₁", n > 1 ? "x₂" : ""] : [`its weight: ${percent(shares[0])}`, `across: ${percent(shares[1])}`]}>
        <g class={`half-space ${geometry.half_spaces ? "" : "necessary"}`}>
          <path class="side" d={path(cut.side, w)} />
          <path class="edge" d={path(cut.line, w, false)} />
        </g>
        {order.map((r) => (
          <g key={r}>
            <Dot mark={fires[r] ? "in" : "out"} x={w.x(pairs[r][0])} y={w.y(pairs[r][1])} />
            {points.membership.values[r * p + state.concept] === 1 && <circle class="halo" cx={w.x(pairs[r][0])} cy={w.y(pairs[r][1])} r="4.6" />}
          </g>
        ))}
      </Picture>
      <figcaption>
        <ul class="legend">
          <li><svg width="12" height="12" aria-hidden="true"><Dot mark="in" x={6} y={6} /></svg> it fires: {fires.filter(Boolean).length}</li>
          <li><svg width="12" height="12" aria-hidden="true"><Dot mark="out" x={6} y={6} /></svg> it is silent: {fires.filter((f) => !f).length}</li>
          <li><svg width="12" height="12" aria-hidden="true"><circle class="halo" cx="6" cy="6" r="4.6" /></svg> in {concept}</li>
        </ul>
        {geometry.half_spaces
          ? "It fires exactly in the shaded half-space."
          : "Its gate is relative: it can fire in the shaded half-space only, and does where it is among the strongest."}{" "}
        {exact ? "Drawn in the plane itself." : "Along its weight the picture is exact; across it stands the direction of most variance at right angles."}{" "}
        N = {pairs.length.toLocaleString("en")} drawn points, n = {n}; shares are of the variance.
      </figcaption>
    </figure>
  );
}

function Histogram({ record }: { record: Neuron }) {
  const most = Math.max(...record.histogram, 1);
  const [width, height] = [320, 90];
  const step = width / Math.max(record.histogram.length, 1);
  if (!record.histogram.length) return <p class="hint">It fires on no held-out point.</p>;
  return (
    <figure class="histogram">
      <svg viewBox={`0 -16 ${width} ${height + 34}`} role="img" aria-label={`Histogram of ${record.fired} activations from 0 to ${num(record.greatest)}`}>
        {record.histogram.map((count, k) => {
          const h = (height * count) / most;
          return <rect key={k} class="ink" x={k * step + 0.5} width={step - 1} y={height - h} height={h}><title>{count}</title></rect>;
        })}
        <line class="base" x1="0" x2={width} y1={height} y2={height} />
        <text x="0" y={height + 14}>0</text>
        <text x={width} y={height + 14} text-anchor="end">{num(record.greatest)}</text>
        <text x={width} y="-5" text-anchor="end">up to {plural(most, "point")} a bin</text>
      </svg>
      <figcaption>Activations where it fires, {plural(record.fired, "point")}, {record.histogram.length} bins.</figcaption>
    </figure>
  );
}

export interface Learned { concept: number; error: number; low: number; high: number; edge: boolean }

/** The concepts in the order of a neuron's error, under a notion. */
export function learnedBy({ sae, world }: Context, notion: Notion, neuron: number): Learned[] {
  const t = sae.tables[notion];
  const slot = slotOf(sae, neuron);
  if (!t || slot < 0) return [];
  return world.concepts
    .map((_, k) => ({ concept: k, error: at(t.error, k, slot), low: at(t.low, k, slot), high: at(t.high, k, slot), edge: at(t.edges, k, slot) === 1 }))
    .filter((each) => Number.isFinite(each.error))
    .sort((a, b) => Number(b.edge) - Number(a.edge) || a.error - b.error);
}

function Learns({ context }: { context: Context }) {
  const { world, state, sae } = context;
  return (
    <section aria-label="What it learns">
      <h3>What it detects, separates, approximates <small>✓: certified at ε = {num(sae.tolerance)}; intervals hold for all pairs at once</small></h3>
      <div class="scroll short" tabIndex={0} role="region" aria-label="Concepts by error">
        <table class="plain">
          <thead><tr><th scope="col">notion</th><th scope="col">concept</th><th scope="col">error</th><th scope="col">certified</th></tr></thead>
          <tbody>
            {NOTIONS.flatMap((notion) => learnedBy(context, notion, state.neuron).slice(0, 3).map((each, rank) => (
              <tr key={notion + rank}>
                <th scope="row">{notion}</th>
                <td><Go context={context} to={{ concept: each.concept, notion, unit: "neuron" }} view="concept">{world.concepts[each.concept].name}</Go></td>
                <td>{interval(each.error, each.low, each.high)}</td>
                <td>{each.edge ? "✓" : ""}</td>
              </tr>
            )))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Examples({ context, record, points }: { context: Context; record: Neuron; points: Points }) {
  const { world, sae, state } = context;
  const p = points.membership.shape[1];
  const names = (row: number) => {
    const inside = world.concepts.filter((_, k) => points.membership.values[row * p + k] === 1).map((c) => c.name);
    return inside.length > 3 ? `${inside.slice(0, 3).join(", ")} and ${inside.length - 3} more` : inside.join(", ") || "no concept";
  };
  return (
    <section aria-label="Examples">
      <h3>Examples <small>{world.image ? "" : "coordinates as bars around 0; "}activation and concepts below</small></h3>
      {([["most strongly", record.top], ["at random, where it fires", record.random]] as [string, number[]][]).map(([words, rows]) => (
        <div class="samples" key={words}>
          <span>{words}</span>
          {rows.length === 0 && <span class="hint">nowhere</span>}
          {rows.map((row) => (
            <figure class="example" key={row}>
              <Sample values={rowOf(points.coordinates, row)} image={world.image} label={`point ${points.rows.values[row]}`} />
              <figcaption>{sae.geometry ? num(at(sae.geometry.activations, row, slotOf(sae, state.neuron)), 2) : ""}<br />{names(row)}</figcaption>
            </figure>
          ))}
        </div>
      ))}
    </section>
  );
}

function table(context: Context): Cell[][] {
  const rows: Cell[][] = [["neuron", "notion", "concept", "error", "low", "high", "certified"]];
  for (const notion of NOTIONS)
    for (const each of learnedBy(context, notion, context.state.neuron))
      rows.push([context.state.neuron, notion, context.world.concepts[each.concept].name, each.error, each.low, each.high, each.edge]);
  return rows;
}
