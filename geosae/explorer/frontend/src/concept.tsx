// View 2: one concept, its picture, the verdicts on it, and the units that were chosen for it.

import { useMemo, useRef } from "preact/hooks";
import { answerAt, markOf, rowFor } from "./judge";
import { Dot, halfPlane, hull, path, Picture, Sample, windowOf, type Mark, type Pair } from "./picture";
import { LEARNERS, NOTIONS, rowOf, slotOf, type Block, type Concept, type Points, type Plane, type SAE } from "./records";
import type { State } from "./state";
import { Facts, Go, NeuronLinks, Note, Tools, Walk, type Context } from "./ui";
import { interval, num, percent, plural, type Cell } from "./words";

const UNITS: Record<State["unit"], string> = {
  neurons: "chosen neuron",
  small_units: "chosen unit of ≤ 4",
  units: "chosen unit of any size",
  neuron: "selected neuron",
};

/** Coordinates in a plane: ⟨x − origin, axis⟩. */
export function project(point: ArrayLike<number>, plane: Plane, from = 0): Pair {
  const n = plane.axes.shape[1];
  let [u, v] = [0, 0];
  for (let j = 0; j < n; j++) {
    const d = point[from + j] - plane.origin.values[j];
    u += d * plane.axes.values[j];
    v += d * plane.axes.values[n + j];
  }
  return [u, v];
}

export const projectAll = (block: Block, plane: Plane): Pair[] =>
  Array.from({ length: block.shape[0] }, (_, i) => project(block.values, plane, i * block.shape[1]));

/** At which of the drawn points all neurons of a unit fire. */
export function firesAt(sae: SAE, unit: number[], count: number): boolean[] {
  const a = sae.geometry?.activations;
  const slots = unit.map((j) => slotOf(sae, j));
  return Array.from({ length: count }, (_, i) => !!a && slots.length > 0 && slots.every((j) => j >= 0 && a.values[i * a.shape[1] + j] !== 0));
}

export function ConceptView({ context }: { context: Context }) {
  const { world, sae, state, set } = context;
  const concept = world.concepts[state.concept];
  const picture = useRef<HTMLElement>(null);
  const row = state.unit === "neuron" ? null : sae.columns[0].answers[state.notion][state.unit][state.concept];
  const unit = state.unit === "neuron" ? [state.neuron] : (row?.neurons ?? []);
  const marks = useMemo(() => marksOf(world.points, sae, state.concept, unit), [world, sae, state.concept, unit.join()]);
  return (
    <div class="concept">
      <div class="bar-line title-line">
        <label>Concept
          <select value={String(state.concept)} onChange={(e) => set({ concept: Number(e.currentTarget.value) })}>
            {world.concepts.map((c, k) => <option key={k} value={String(k)}>{c.name}</option>)}
          </select>
        </label>
        <Walk at={state.concept} count={world.concepts.length} go={(k) => set({ concept: k })} what="concept" />
        <label>Notion
          <select value={state.notion} onChange={(e) => set({ notion: e.currentTarget.value as State["notion"] })}>
            {NOTIONS.filter((n) => sae.columns[0].answers[n].units.length).map((n) => <option key={n} value={n}>{n}</option>)}
          </select>
        </label>
        <label>Drawn against
          <select value={state.unit} onChange={(e) => set({ unit: e.currentTarget.value as State["unit"] })}>
            {Object.entries(UNITS).map(([key, words]) => <option key={key} value={key}>{words}</option>)}
          </select>
        </label>
        <Tools name={`concept ${concept.name}`} table={() => table(context)} picture={picture}
          python={`${sae.python}concept = data.index(${JSON.stringify(concept.name)})\nprint(alignment.answers(${JSON.stringify(state.notion)}, "units")[concept])\n`} />
      </div>
      <h2>{concept.name} <small>{plural(concept.points, "point")}, {percent(concept.share)} of all</small></h2>
      <div class="two">
        <figure ref={picture}>
          {world.points && concept.plane ? (
            <ConceptPicture context={context} concept={concept} points={world.points} plane={concept.plane} unit={unit} marks={marks} />
          ) : <p>Pictures need the points: explore the folder of a run.</p>}
        </figure>
        <div>
          <Verdicts context={context} concept={concept} />
          <Learned context={context} />
          <Examples context={context} marks={marks} unit={unit} />
          <Note context={context} target={`${world.name} / ${concept.name}`} />
        </div>
      </div>
    </div>
  );
}

function marksOf(points: Points | null, sae: SAE, concept: number, unit: number[]): Mark[] {
  if (!points) return [];
  const [count, p] = points.membership.shape;
  const fires = firesAt(sae, unit, count);
  return fires.map((taken, i) => {
    const inside = points.membership.values[i * p + concept] === 1;
    if (!unit.length || !sae.geometry) return inside ? "in" : "out";
    return inside ? (taken ? "in" : "miss") : taken ? "false" : "out";
  });
}

interface DrawnProps { context: Context; concept: Concept; points: Points; plane: Plane; unit: number[]; marks: Mark[] }

function ConceptPicture({ context, concept, points, plane, unit, marks }: DrawnProps) {
  const { state, sae } = context;
  const pairs = useMemo(() => projectAll(points.coordinates, plane), [points, plane]);
  const p = points.membership.shape[1];
  const inside = pairs.filter((_, i) => points.membership.values[i * p + state.concept] === 1);
  const sample = concept.sample;
  const w = windowOf(pairs);
  const intruders = sample?.intruder_points ? projectAll(sample.intruder_points, plane) : [];
  const common = sample?.common.map((h) => ({ ...h, at: project(h.point.values, plane) })) ?? [];
  const cut = sample?.normal ? lineIn(sample.normal.values, sample.offset ?? 0, plane) : null;
  const spaces = plane.exact && sae.geometry?.half_spaces ? unit.slice(0, 24).map((i) => slotOf(sae, i)).filter((i) => i >= 0) : [];
  const order = marks.map((_, i) => i).sort((a, b) => RANK[marks[a]] - RANK[marks[b]]);
  const n = points.coordinates.shape[1];
  const shares = `${percent(plane.shares[0] + plane.shares[1])} of the variance`;
  const count = (mark: Mark) => marks.filter((m) => m === mark).length;
  return (
    <>
      <Picture label={`${concept.name} in ${plane.words}`} window={w}
        axes={plane.exact ? ["x₁", n > 1 ? "x₂" : ""] : [`axis 1: ${percent(plane.shares[0])}`, `axis 2: ${percent(plane.shares[1])}`]}>
        {spaces.map((i) => {
          const weights = rowOf(sae.geometry!.weights, i);
          const side = halfPlane(weights[0], weights[1] ?? 0, sae.geometry!.offsets.values[i], w);
          return <g key={i} class="half-space"><path class="side" d={path(side.side, w)} /><path class="edge" d={path(side.line, w, false)} /></g>;
        })}
        <path class="hull" d={path(hull(inside), w)} />
        {cut && <path class="cut" d={path(halfPlane(cut[0], cut[1], cut[2], w).line, w, false)} />}
        {order.map((i) => (
          <Dot key={i} mark={marks[i]} x={w.x(pairs[i][0])} y={w.y(pairs[i][1])} />
        ))}
        {intruders.map((q, i) => <rect key={i} class="intruder" x={w.x(q[0]) - 3} y={w.y(q[1]) - 3} width="6" height="6"><title>a point of the others in the hull of the concept</title></rect>)}
        {common.map((h, i) => <path key={i} class={`witness ${h.inside ? "in" : "out"}`} d={triangle(w.x(h.at[0]), w.y(h.at[1]))}><title>weight {num(h.weight, 2)}, {h.inside ? "in the concept" : "of the others"}</title></path>)}
      </Picture>
      <figcaption>
        <ul class="legend">
          <li><Key mark="in" /> in the concept{unit.length ? " and taken" : ""}: {count("in")}</li>
          {unit.length > 0 && <li><Key mark="miss" /> missed: {count("miss")}</li>}
          {unit.length > 0 && <li><Key mark="false" /> falsely taken: {count("false")}</li>}
          <li><Key mark="out" /> others: {count("out")}</li>
          {intruders.length > 0 && <li><svg width="12" height="12" aria-hidden="true"><rect class="intruder" x="3" y="3" width="6" height="6" /></svg> in the hull, not in the concept</li>}
          {common.length > 0 && <li><svg width="14" height="14" aria-hidden="true"><path class="witness in" d={triangle(7, 8)} /></svg> points whose convex combinations meet (S1)</li>}
        </ul>
        {plane.exact ? `Drawn in ${plane.words}.` : `Axes: ${plane.words}; together they hold ${shares}, so what overlaps here may be apart.`}{" "}
        The line around the concept is the hull of its drawn points{plane.exact ? "" : ", in this projection"}
        {cut ? `; the straight line separates it from the others on ${plural(sample!.points, "point")} (S1), margin ${num(sample!.margin, 2)}` : ""}.{" "}
        {unit.length > 0 && <>Judged: {UNITS[state.unit]} {unit.length ? <NeuronLinks context={context} neurons={unit} /> : "none"}{spaces.length > 0 && " with its half-spaces"}. </>}
        {marks.length > 0 && <>N = {marks.length.toLocaleString("en")} drawn points, n = {n}.</>}
        {unit.length === 0 && state.unit !== "neuron" && <> No unit was chosen for it. <Go context={context} to={{ unit: "neuron" }}>Draw it against n{state.neuron}</Go></>}
      </figcaption>
    </>
  );
}

const RANK: Record<Mark, number> = { out: 0, in: 1, false: 2, miss: 3 };
const triangle = (x: number, y: number) => `M${x} ${y - 6}L${x + 5.5} ${y + 4}L${x - 5.5} ${y + 4}Z`;
const Key = ({ mark }: { mark: Mark }) => <svg width="12" height="12" aria-hidden="true"><Dot mark={mark} x={6} y={6} /></svg>;

/** Where a hyperplane cuts the plane that is drawn: a·u + b·v + c = 0. */
function lineIn(normal: ArrayLike<number>, offset: number, plane: Plane): [number, number, number] {
  const n = plane.axes.shape[1];
  let [a, b, c] = [0, 0, offset];
  for (let j = 0; j < n; j++) {
    a += normal[j] * plane.axes.values[j];
    b += normal[j] * plane.axes.values[n + j];
    c += normal[j] * plane.origin.values[j];
  }
  return [a, b, c];
}

function Verdicts({ context, concept }: { context: Context; concept: Concept }) {
  const { world } = context;
  const { truth, sample } = concept;
  const [neuron, unit] = (["neuron", "unit"] as const).map((by) => markOf(truth, sample, by));
  const links = (indices: number[]) => indices.length ? indices.slice(0, 12).map((k) => <Go key={k} context={context} to={{ concept: k }}>{world.concepts[k].name}</Go>) : "none";
  return (
    <section aria-label="What is possible">
      <h3>What is possible</h3>
      <Facts rows={[
        ["by a neuron (S1)", `${neuron.kind}: ${neuron.words}`],
        ["by a unit (S3)", `${unit.kind}: ${unit.words}`],
        ...(truth?.smallest_unit ? [["smallest unit (S4)", plural(truth.smallest_unit, "neuron")] as [string, string]] : []),
        ...(truth?.irreducible_error !== null && truth ? [["irreducible error (A1)", num(truth.irreducible_error)] as [string, string]] : []),
        ...(truth && truth.convex !== null ? [["region", truth.convex ? "convex" : "not convex"] as [string, string]] : []),
        ...(sample ? [[`proof on ${plural(sample.points, "point")}`, proofWords(concept)] as [string, string]] : []),
        ["inside of", links(concept.above)],
        ["holds", links(concept.below)],
      ]} />
      {sample?.warning && <p class="hint">S8: {sample.warning}</p>}
    </section>
  );
}

function proofWords({ sample }: Concept): string {
  if (!sample) return "";
  if (sample.possible === "neuron") return `a hyperplane of margin ${num(sample.margin, 2)}`;
  const meet = `the hulls meet in a combination of ${sample.common.length} points`;
  return sample.intruders ? `${meet}; ${plural(sample.intruders, "point")} of the others in the hull` : `${meet}; half-spaces exclude every other point`;
}

/** The units that were chosen, and what becomes of the concept on the way to its best neuron and back. */
function Learned({ context }: { context: Context }) {
  const { sae, state, eps, set } = context;
  const trip = sae.round_trips[state.concept];
  const answers = sae.columns[0].answers;
  const smallest = rowFor(answers, state.notion, state.concept, "simplest", eps, sae.tolerance)?.row;
  const learned = smallest && answerAt(smallest, eps, sae.tolerance) === "learned";
  return (
    <section aria-label="What was learned">
      <h3>What was learned at ε = {num(eps)}</h3>
      <div class="scroll short" tabIndex={0} role="region" aria-label="Chosen units">
        <table class="plain">
          <thead><tr><th scope="col">notion</th><th scope="col">by</th><th scope="col">answer</th><th scope="col">error</th><th scope="col">neurons</th></tr></thead>
          <tbody>
            {NOTIONS.flatMap((notion) => LEARNERS.map((learner) => {
              const row = answers[notion][learner][state.concept];
              if (!row) return null;
              return (
                <tr key={notion + learner} class={notion === state.notion && learner === state.unit ? "selected" : ""}>
                  <th scope="row"><button type="button" class="go" onClick={() => set({ notion, unit: learner })}>{notion}</button></th>
                  <td>{UNITS[learner].replace("chosen ", "")}</td>
                  <td>{answerAt(row, eps, sae.tolerance)}</td>
                  <td>{interval(row.error, row.low, row.high)}</td>
                  <td>{row.neurons.length ? <NeuronLinks context={context} neurons={row.neurons} most={4} /> : "–"}</td>
                </tr>
              );
            }))}
          </tbody>
        </table>
      </div>
      <Facts rows={[
        [`smallest unit, ${state.notion}`, learned ? <>{plural(smallest.neurons.length, "neuron")} of those chosen: <NeuronLinks context={context} neurons={smallest.neurons} /></> : "none of those chosen has learned it"],
        ...(trip ? [
          ["best neuron, read back (F2)", trip.best_neuron === null ? "none" : <><NeuronLinks context={context} neurons={[trip.best_neuron]} /> is best at {trip.read_back ?? "nothing"}{trip.mutual ? ", this concept itself" : ""}</>],
          ["closure {C}″", trip.closed ? "the concept alone" : trip.siblings.length === context.world.concepts.length - 1 ? "all concepts: no neuron sets it apart" : trip.siblings.length > 12 ? `with ${trip.siblings.length} others, among them ${trip.siblings.slice(0, 6).join(", ")}` : `with ${trip.siblings.join(", ") || "all others"}`],
        ] as [string, preact.ComponentChildren][] : []),
      ]} />
    </section>
  );
}

function Examples({ context, marks, unit }: { context: Context; marks: Mark[]; unit: number[] }) {
  const points = context.world.points;
  if (!points) return null;
  const groups: [Mark, string][] = unit.length ? [["in", "in the concept and taken"], ["miss", "missed"], ["false", "falsely taken"]] : [["in", "in the concept"]];
  return (
    <section aria-label="Examples">
      <h3>Examples <small>{context.world.image ? "as images" : "coordinates x₁, x₂, … as bars around 0"}</small></h3>
      {groups.map(([mark, words]) => {
        const rows = marks.map((m, i) => (m === mark ? i : -1)).filter((i) => i >= 0).slice(0, 6);
        return (
          <div class="samples" key={mark}>
            <span><Key mark={mark} /> {words}</span>
            {rows.length === 0 && <span class="hint">none of the drawn points</span>}
            {rows.map((i) => <Sample key={i} values={rowOf(points.coordinates, i)} image={context.world.image} label={`point ${points.rows.values[i]}`} />)}
          </div>
        );
      })}
    </section>
  );
}

function table({ world, sae, state, eps }: Context): Cell[][] {
  const rows: Cell[][] = [["concept", "notion", "learner", "answer", "error", "low", "high", "least_tolerance", "miss", "alarm", "price", "precision", "recall", "f1", "neurons"]];
  for (const notion of NOTIONS)
    for (const learner of LEARNERS) {
      const r = sae.columns[0].answers[notion][learner][state.concept];
      if (r) rows.push([world.concepts[state.concept].name, notion, learner, answerAt(r, eps, sae.tolerance), r.error, r.low, r.high, r.least_tolerance, r.miss, r.alarm, r.price, r.precision, r.recall, r.f1, r.neurons.join(" ")]);
    }
  return rows;
}
