// View 1: concepts by notions. A cell holds the best error with its interval, beside the baselines, and ε.

import { useRef } from "preact/hooks";
import { answerAt, CHOICES, learnedCount, markOf, rowFor, SYMBOLS, type Choice } from "./judge";
import { NOTIONS, type Notion } from "./records";
import { Facts, Go, kindOf, NeuronLinks, Note, place, Strip, Symbol, Tools, type Context } from "./ui";
import { interval, num, plural, type Cell } from "./words";

const VERBS: Record<Notion, string> = { detection: "detected", separation: "separated", approximation: "approximated" };

export function AnswersView({ context }: { context: Context }) {
  const { sae, state, set, eps } = context;
  const notions = NOTIONS.filter((n) => sae.columns[0].answers[n].units.length > 0);
  const body = useRef<HTMLDivElement>(null);
  const order = sortedConcepts(context);
  const move = (event: KeyboardEvent) => {
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!down && !right) return;
    const row = Math.max(0, order.indexOf(state.concept));
    const concept = order[Math.min(order.length - 1, Math.max(0, row + (down ?? 0)))];
    const column = Math.max(0, notions.indexOf(state.notion));
    const notion = notions[Math.min(notions.length - 1, Math.max(0, column + (right ?? 0)))];
    set({ concept, notion });
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-cell="${concept}-${notion}"]`)?.focus());
    event.preventDefault();
  };
  return (
    <div class="answers">
      <Summary context={context} notions={notions} />
      <div class="bar-line">
        <input type="search" placeholder="Find a concept" aria-label="Find a concept" value={state.find} onInput={(e) => set({ find: e.currentTarget.value })} />
        <label>Sort by
          <select value={state.sort} onChange={(e) => set({ sort: e.currentTarget.value })}>
            <option value="">order of the data</option>
            <option value="name">name</option>
            <option value="points">size</option>
            <option value="error">error of the selected notion</option>
          </select>
        </label>
        <Legend context={context} />
        <Tools name="answers" table={() => table(context)} python={`${sae.python}print(alignment.columns())\n`} />
      </div>
      <p class="hint">
        The strips show the error with its interval, from 0 to ∞; the dashed line is ε, and the run’s own ε = {num(sae.tolerance)} is in the middle.
      </p>
      <div class="with-side">
        <div class="scroll" ref={body} data-arrows="" onKeyDown={move} tabIndex={0} role="region" aria-label="Answers, concept by concept">
          <table class="matrix">
            <thead>
              <tr>
                <th scope="col">concept</th>
                <th scope="col">possible by a neuron</th>
                <th scope="col">by a unit</th>
                {notions.map((n) => <th scope="col" key={n}>{n}</th>)}
              </tr>
            </thead>
            <tbody>
              {order.map((k) => (
                <Row key={k} context={context} concept={k} notions={notions} />
              ))}
            </tbody>
          </table>
          {order.length === 0 && <p>No concept has “{state.find}” in its name.</p>}
        </div>
        <Inspector context={context} />
      </div>
      {eps !== sae.tolerance && (
        <p class="hint">At another ε than the run’s: learned where the stored least tolerance is at most ε, not learned where the stored interval lies above it.</p>
      )}
      {sae.approximation_reason && <p class="hint">Approximation: {sae.approximation_reason}.</p>}
    </div>
  );
}

function Summary({ context, notions }: { context: Context; notions: Notion[] }) {
  const { world, sae, eps, state } = context;
  const notion = notions.includes(state.notion) ? state.notion : notions[0];
  return (
    <p class="summary" id="summary">
      At ε = {num(eps)}, of {plural(world.concepts.length, "concept")} are {VERBS[notion]}:{" "}
      {sae.columns.map((column, i) => {
        const [one, any] = (["neurons", "units"] as const).map((l) => learnedCount(column.answers, notion, l, eps, sae.tolerance));
        return (
          <span key={column.name}>
            {i > 0 && "; "}
            <b>{any}</b> by the {i === 0 ? "trained SAE" : column.name === "shuffled labels" ? "trained SAE under shuffled labels" : column.name} ({one} by one neuron)
          </span>
        );
      })}. L0 {num(sae.metrics.l0)}, FVU {num(sae.metrics.fvu)}; {plural(sae.test_points, "held-out point")}.
    </p>
  );
}

const Legend = ({ context }: { context: Context }) => (
  <ul class="legend" aria-label="Legend">
    {context.sae.columns.map((c) => (
      <li key={c.name}>
        <svg width="14" height="12" aria-hidden="true"><g class={`bar ${kindOf(c.name)}`}><Symbol kind={kindOf(c.name)} x={7} y={6} r={3.2} /></g></svg>
        {c.name}
      </li>
    ))}
  </ul>
);

function Row({ context, concept, notions }: { context: Context; concept: number; notions: Notion[] }) {
  const { world, state } = context;
  const record = world.concepts[concept];
  const marks = (["neuron", "unit"] as const).map((by) => markOf(record.truth, record.sample, by));
  return (
    <tr class={concept === state.concept ? "selected" : ""}>
      <th scope="row"><Go context={context} to={{ concept }} view="concept">{record.name}</Go> <small>{record.points.toLocaleString("en")}</small></th>
      {marks.map((mark, i) => (
        <td key={i} class={`mark ${mark.kind}`} title={mark.words}>{mark.kind}<small>{mark.kind !== "unknown" && (mark.words.startsWith("theory") ? "theory" : "certificate")}</small></td>
      ))}
      {notions.map((n) => <AnswerCell key={n} context={context} concept={concept} notion={n} />)}
    </tr>
  );
}

function AnswerCell({ context, concept, notion }: { context: Context; concept: number; notion: Notion }) {
  const { sae, state, eps, set } = context;
  const rows = sae.columns.map((c) => rowFor(c.answers, notion, concept, state.learner, eps, sae.tolerance));
  const first = rows[0];
  if (!first) return <td>not measured</td>;
  const answer = answerAt(first.row, eps, sae.tolerance);
  const bars = sae.columns.map((c, i) => ({
    name: c.name,
    kind: kindOf(c.name),
    error: rows[i]?.row.error ?? null,
    low: rows[i]?.row.low ?? null,
    high: rows[i]?.row.high ?? null,
  }));
  const selected = concept === state.concept && notion === state.notion;
  const name = context.world.concepts[concept].name;
  return (
    <td class={`answer ${answer.replace(" ", "-")}`}>
      <button type="button" class="cell" data-cell={`${concept}-${notion}`} aria-pressed={selected}
        onClick={() => set({ concept, notion, ...(first.row.neurons.length ? { neuron: first.row.neurons[0] } : {}) })}>
        <span class="sr">{name}, {notion}: </span>
        <span class="word"><span aria-hidden="true">{SYMBOLS[answer]}</span> {answer === "no unit" ? "no unit" : `${answer}, ${num(first.row.error, 2)}`}</span>
        <span class="sr"> interval {interval(first.row.error, first.row.low, first.row.high)}</span>
        <Strip bars={bars} eps={eps} own={sae.tolerance} />
      </button>
    </td>
  );
}

/** Everything that is stored of the selected concept under the selected notion. */
function Inspector({ context }: { context: Context }) {
  const { world, sae, state, eps } = context;
  const concept = world.concepts[state.concept];
  const rows = sae.columns.map((c) => rowFor(c.answers, state.notion, state.concept, state.learner, eps, sae.tolerance));
  const first = rows[0];
  return (
    <aside class="inspector" aria-label="Inspector">
      <h2>{concept.name}, {state.notion}</h2>
      {first === null ? <p>Not measured.</p> : (
        <>
          <Facts rows={[
            ["answer", answerAt(first.row, eps, sae.tolerance)],
            ["by", first.row.neurons.length ? <>{first.row.neurons.length === 1 ? "neuron" : `unit of ${first.row.neurons.length}`}{" "}<NeuronLinks context={context} neurons={first.row.neurons} /></> : "no unit"],
            ["error", <span id="inspected-error">{interval(first.row.error, first.row.low, first.row.high)}</span>],
            ["least ε certified", num(first.row.least_tolerance)],
            ["price μ(θ)/μ(C)", num(first.row.price)],
            ["F1, precision, recall", `${num(first.row.f1, 2)}, ${num(first.row.precision, 2)}, ${num(first.row.recall, 2)}`],
            ["held-out points of the concept", `${first.row.positives.toLocaleString("en")} (${first.row.needed} needed)`],
          ]} />
          <table class="plain">
            <caption>Beside the trained SAE, {CHOICES[state.learner as Choice]}</caption>
            <thead><tr><th scope="col">SAE</th><th scope="col">answer</th><th scope="col">error</th></tr></thead>
            <tbody>
              {sae.columns.map((c, i) => {
                const row = rows[i]?.row;
                return <tr key={c.name}><th scope="row">{c.name}</th><td>{row ? answerAt(row, eps, sae.tolerance) : "–"}</td><td>{row ? interval(row.error, row.low, row.high) : "–"}</td></tr>;
              })}
            </tbody>
          </table>
        </>
      )}
      <p><Go context={context} to={{}} view="concept">Open the concept</Go> <Go context={context} to={{}} view="lattice">Show it in the lattice</Go></p>
      <Note context={context} target={`${world.name} / ${concept.name}`} />
    </aside>
  );
}

function sortedConcepts({ world, sae, state, eps }: Context): number[] {
  const find = state.find.toLowerCase();
  const order = world.concepts.map((_, k) => k).filter((k) => world.concepts[k].name.toLowerCase().includes(find));
  const error = (k: number) => {
    const row = rowFor(sae.columns[0].answers, state.notion, k, state.learner, eps, sae.tolerance)?.row;
    return row?.error === null || row?.error === undefined ? 2 : place(row.error, sae.tolerance);
  };
  const keys: Record<string, (a: number, b: number) => number> = {
    name: (a, b) => world.concepts[a].name.localeCompare(world.concepts[b].name, "en", { numeric: true }),
    points: (a, b) => world.concepts[b].points - world.concepts[a].points,
    error: (a, b) => error(a) - error(b),
  };
  return keys[state.sort] ? order.sort(keys[state.sort]) : order;
}

function table({ world, sae, state, eps }: Context): Cell[][] {
  const rows: Cell[][] = [["concept", "notion", "sae", "learner", "answer", "error", "low", "high", "least_tolerance", "price", "neurons"]];
  for (const notion of NOTIONS)
    world.concepts.forEach((concept, k) => {
      for (const column of sae.columns) {
        const chosen = rowFor(column.answers, notion, k, state.learner, eps, sae.tolerance);
        if (!chosen) continue;
        const { row, learner } = chosen;
        rows.push([concept.name, notion, column.name, learner, answerAt(row, eps, sae.tolerance), row.error, row.low, row.high, row.least_tolerance, row.price, row.neurons.join(" ")]);
      }
    });
  return rows;
}
