// The page: what is selected stands above, the four views below it.

import { render } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import "./style.css";
import { AnswersView } from "./answers";
import { ConceptView } from "./concept";
import { CHOICES, type Choice } from "./judge";
import { LatticeView } from "./lattice";
import { NeuronView } from "./neuron";
import { loadNotes, notesFromJson, notesToJson, saveNotes, type Notes } from "./notes";
import { neuronsOf, readData, unpackBlocks, type Data } from "./records";
import { fromHash, toHash, VIEWS, within, type State, type View } from "./state";
import { save, type Context } from "./ui";
import { num, plural } from "./words";

const NAMES: Record<View, string> = { answers: "Answers", concept: "Concept", neuron: "Neurons", lattice: "Lattice" };

function App({ data }: { data: Data }) {
  const [state, setState] = useState<State>(() => fromHash(location.hash, data));
  const [notes, setNotes] = useState<Notes>(() => loadNotes(data.source));
  const [opened, setOpened] = useState(-1);
  const [message, say] = useState("");
  const set = useCallback((change: Partial<State>) => {
    setState((before) => {
      const other = change.world !== undefined && change.world !== before.world;
      const reset = other ? { sae: 0, concept: 0, neuron: 0, node: "", support: 0, delta: 0, stability: 0, find: "", eps: null } : {};
      // A concept that is selected elsewhere selects its node, and with the world everything changes.
      const node = change.concept !== undefined && change.node === undefined ? { node: "" } : {};
      return within({ ...before, ...reset, ...node, ...change }, data);
    });
  }, []);
  useEffect(() => {
    const hash = toHash(state);
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }, [state]);
  useEffect(() => {
    const listen = () => setState(fromHash(location.hash, data));
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  const world = data.worlds[state.world];
  useEffect(() => {
    void unpackBlocks(world).then(() => setOpened(state.world));
  }, [state.world]);
  const keep = (changed: Notes) => {
    setNotes(changed);
    if (!saveNotes(data.source, changed)) say("This browser keeps no annotations for such a page: export them.");
  };
  const sae = world.saes[state.sae];
  const context: Context = {
    data,
    world,
    sae,
    state,
    eps: state.eps ?? sae.tolerance,
    set,
    notes,
    setNote: (target, text) => {
      const { [target]: _, ...others } = notes;
      keep(text ? { ...others, [target]: text } : others);
    },
  };
  useKeys(context);
  const View = { answers: AnswersView, concept: ConceptView, neuron: NeuronView, lattice: LatticeView }[state.view];
  return (
    <>
      <Header context={context} />
      <Tabs context={context} />
      <main>
        <div id="view" role="tabpanel" aria-labelledby={`tab-${state.view}`}>
          {opened === state.world ? <View context={context} /> : <p class="loading">Unpacking…</p>}
        </div>
      </main>
      <Footer context={context} keep={keep} message={message} say={say} />
    </>
  );
}

function Header({ context }: { context: Context }) {
  const { data, state, world, set, eps } = context;
  return (
    <header>
      <h1>{data.title} <small>geosae explorer</small></h1>
      <div class="controls">
        <label>World
          <select value={String(state.world)} onChange={(e) => set({ world: Number(e.currentTarget.value) })}>
            {data.worlds.map((w, i) => <option key={i} value={String(i)}>{w.name}</option>)}
          </select>
        </label>
        <label>SAE
          <select value={String(state.sae)} onChange={(e) => set({ sae: Number(e.currentTarget.value), neuron: 0, node: "", eps: null })}>
            {world.saes.map((s, i) => <option key={i} value={String(i)}>{s.label}</option>)}
          </select>
        </label>
        <label>Learner
          <select value={state.learner} onChange={(e) => set({ learner: e.currentTarget.value as Choice })}>
            {Object.entries(CHOICES).map(([key, words]) => <option key={key} value={key}>{words}</option>)}
          </select>
        </label>
        <label class="eps">ε = <output>{num(eps)}</output>
          <input type="range" min="0" max="0.5" step="0.005" value={String(eps)} aria-label="Tolerance ε"
            onInput={(e) => set({ eps: Number(e.currentTarget.value) })} />
        </label>
        <button type="button" disabled={state.eps === null} onClick={() => set({ eps: null })}>ε of the run</button>
        <ThemeButton />
      </div>
    </header>
  );
}

function ThemeButton() {
  const root = document.documentElement;
  const [theme, setTheme] = useState(root.dataset.theme ?? "");
  const next = { "": "light", light: "dark", dark: "" }[theme] ?? "";
  const change = () => {
    setTheme(next);
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    try { localStorage.setItem("geosae-explorer-theme", next); } catch { /* kept for this page only */ }
  };
  return <button type="button" onClick={change} title="Change the colours: of the system, light, dark">{{ "": "◐ auto", light: "○ light", dark: "● dark" }[theme]}</button>;
}

function Tabs({ context }: { context: Context }) {
  const { state, set } = context;
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = VIEWS[(VIEWS.indexOf(state.view) + step + VIEWS.length) % VIEWS.length];
    set({ view: next });
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <nav class="tabs" aria-label="Views">
    <div role="tablist" aria-label="Views" ref={list} onKeyDown={move}>
      {VIEWS.map((view, i) => (
        <button key={view} id={`tab-${view}`} type="button" role="tab" aria-selected={view === state.view} aria-controls="view"
          tabIndex={view === state.view ? 0 : -1} onClick={() => set({ view })}>
          {NAMES[view]} <kbd>{i + 1}</kbd>
        </button>
      ))}
    </div>
    </nav>
  );
}

function Footer({ context, keep, message, say }: { context: Context; keep(notes: Notes): void; message: string; say(text: string): void }) {
  const { data, notes, world } = context;
  const file = useRef<HTMLInputElement>(null);
  const read = async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen) return;
    try {
      const read = notesFromJson(await chosen.text());
      keep({ ...notes, ...read });
      say(`${plural(Object.keys(read).length, "annotation")} read.`);
    } catch (error) {
      say(`${chosen.name} was not read: ${(error as Error).message}.`);
    }
    if (file.current) file.current.value = "";
  };
  const count = Object.keys(notes).length;
  return (
    <footer>
      <section aria-label="Annotations" class="annotations">
        <h2>{plural(count, "annotation")}</h2>
        <button type="button" disabled={!count} onClick={() => save("annotations.json", notesToJson(data.source, notes), "application/json")}>Export</button>
        <label class="import">Import <input ref={file} type="file" accept="application/json,.json" onChange={read} /></label>
        <span role="status">{message}</span>
        {count > 0 && <ul>{Object.entries(notes).map(([target, text]) => <li key={target}><b>{target}</b>: {text}</li>)}</ul>}
      </section>
      <p class="about">
        {data.source}, {data.format}.{" "}
        {world.points && `Drawn: ${plural(world.points.rows.shape[0], "held-out point")} of ${world.points.held_out.toLocaleString("en")}, ${world.points.uniform.toLocaleString("en")} of them at random, the others for rare concepts and as examples. `}
        {world.left_out.length > 0 && `Not in this file: ${world.left_out.join("; ")}. `}
        {data.notes.join(" ")} Keys: 1–4 views, arrows within a view, / to search, r for another concept or neuron.
      </p>
    </footer>
  );
}

/** Keys that work wherever nothing is being typed. */
function useKeys(context: Context) {
  const latest = useRef(context);
  latest.current = context;
  const listen = useMemo(
    () => (event: KeyboardEvent) => {
      const { state, set, world, sae } = latest.current;
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      const view = VIEWS[Number(event.key) - 1];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const inPicture = target.closest("[data-arrows]") !== null;
      const turn = (i: number, by: number, n: number) => (i + by + n) % n;
      if (view) set({ view });
      else if (event.key === "/") {
        document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
        event.preventDefault();
      } else if (event.key === "r" || (step && !inPicture && state.view !== "lattice" && state.view !== "answers")) {
        const concepts = world.concepts.length;
        const by = (n: number) => step ?? Math.max(1, Math.round(n * 0.618));
        const all = neuronsOf(sae);
        if (state.view === "neuron") set({ neuron: all[turn(Math.max(0, all.indexOf(state.neuron)), by(all.length), all.length)] });
        else set({ concept: turn(state.concept, by(concepts), concepts) });
        if (step) event.preventDefault();
      }
    },
    [],
  );
  useEffect(() => {
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

async function start() {
  const root = document.getElementById("explorer");
  const packed = document.getElementById("explore-data")?.textContent;
  if (!root || !packed) return;
  try {
    const theme = localStorage.getItem("geosae-explorer-theme");
    if (theme) document.documentElement.dataset.theme = theme;
  } catch { /* without storage the colours are the system's */ }
  try {
    const data = await readData(packed);
    root.textContent = "";
    render(<App data={data} />, root);
  } catch (error) {
    root.textContent = `The explorer cannot show this file: ${(error as Error).message}`;
  }
}

void start();
