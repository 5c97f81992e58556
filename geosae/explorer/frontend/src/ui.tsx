// What the views share: their context, the tools that save a view, annotations, links, and the error strip.

import { useRef, useState } from "preact/hooks";
import type { ComponentChildren, RefObject } from "preact";
import type { Data, Num, SAE, World } from "./records";
import type { State, View } from "./state";
import { csv, num, type Cell } from "./words";

export interface Context {
  data: Data;
  world: World;
  sae: SAE;
  state: State;
  eps: number;
  set(change: Partial<State>): void;
  notes: Record<string, string>;
  setNote(target: string, text: string): void;
}

/** The share of the strip at which an error stands: the SAE's own ε is in the middle, infinity at the end. */
export const place = (error: number, own: number) => {
  const unit = own > 0 ? own : 0.05;
  return Number.isFinite(error) ? error / (error + unit) : 1;
};

export interface Bar {
  name: string;
  error: Num;
  low: Num;
  high: Num;
  kind: string;
}

/** Errors with their intervals, one below the other, and ε as a line across them. */
export function Strip({ bars, eps, own, width = 150 }: { bars: Bar[]; eps: number; own: number; width?: number }) {
  const x = (e: number) => 3 + place(e, own) * (width - 6);
  const heights = bars.map((_, i) => (i === 0 ? 9 : 6));
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((a, b) => a + b, 1));
  const height = heights.reduce((a, b) => a + b, 2);
  return (
    <svg class="strip" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <rect class="strip-back" x="0" y="0" width={width} height={height} rx="2" />
      <line class="strip-eps" x1={x(eps)} x2={x(eps)} y1="0" y2={height} />
      {bars.map((bar, i) => {
        if (bar.error === null) return null;
        const y = tops[i] + heights[i] / 2;
        const high = bar.high === null ? width - 1 : x(bar.high);
        return (
          <g class={`bar ${bar.kind}`} key={bar.name}>
            <line x1={bar.low === null ? 3 : x(bar.low)} x2={high} y1={y} y2={y} />
            <Symbol kind={bar.kind} x={x(bar.error)} y={y} r={i === 0 ? 3 : 2.2} />
          </g>
        );
      })}
    </svg>
  );
}

/** The mark of a kind of SAE: they differ in shape, not only in colour. */
export function Symbol({ kind, x, y, r }: { kind: string; x: number; y: number; r: number }) {
  if (kind === "trained") return <circle cx={x} cy={y} r={r} />;
  if (kind === "shuffled")
    return <path class="open" d={`M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`} />;
  if (kind === "untrained") return <circle class="open" cx={x} cy={y} r={r} />;
  if (kind === "supervised") return <path d={`M${x} ${y - r - 1}L${x + r + 1} ${y}L${x} ${y + r + 1}L${x - r - 1} ${y}Z`} />;
  return <rect x={x - r} y={y - r} width={2 * r} height={2 * r} />;
}

export const kindOf = (name: string) =>
  name === "shuffled labels" ? "shuffled" : ["trained", "untrained", "supervised"].includes(name) ? name : "baseline";

function download(name: string, content: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const save = (name: string, text: string, type: string) => download(name, new Blob([text], { type }));

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-family", "font-weight", "text-anchor", "fill-opacity", "stroke-opacity"];

/** A drawing as a file of its own: what the style sheet says is written into it. */
function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) to[i].setAttribute(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
  });
  const box = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  return new XMLSerializer().serializeToString(copy);
}

async function toPng(svg: SVGSVGElement): Promise<Blob | null> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  const box = svg.getBoundingClientRect();
  canvas.width = 2 * box.width;
  canvas.height = 2 * box.height;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export interface ToolsProps {
  name: string;
  table: () => Cell[][];
  python: string;
  picture?: RefObject<HTMLElement | null>;
}

/** What can be taken out of a view: its numbers, its drawing, and the lines of Python that give the same. */
export function Tools({ name, table, python, picture }: ToolsProps) {
  const [said, say] = useState("");
  const svg = () => picture?.current?.querySelector<SVGSVGElement>("svg.picture") ?? null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(python);
      say("copied");
    } catch {
      say(python);
    }
  };
  return (
    <div class="tools" role="group" aria-label={`Save ${name}`}>
      <button type="button" onClick={() => save(`${name}.csv`, csv(table()), "text/csv")}>CSV</button>
      {picture && (
        <>
          <button type="button" onClick={() => { const d = svg(); if (d) save(`${name}.svg`, standalone(d), "image/svg+xml"); }}>SVG</button>
          <button type="button" onClick={async () => { const d = svg(); const png = d && (await toPng(d)); if (png) download(`${name}.png`, png); }}>PNG</button>
        </>
      )}
      <button type="button" onClick={copy}>Copy as Python</button>
      <span role="status">{said === "copied" ? "copied" : said && <code class="python">{said}</code>}</span>
    </div>
  );
}

export function Note({ context, target }: { context: Context; target: string }) {
  return (
    <label class="note">
      <span>Annotation</span>
      <textarea
        rows={2}
        value={context.notes[target] ?? ""}
        placeholder="What do you see here?"
        onInput={(event) => context.setNote(target, event.currentTarget.value)}
      />
    </label>
  );
}

/** A button that looks like a link: it selects something and may open its view. */
export function Go({ context, to, view, children }: { context: Context; to: Partial<State>; view?: View; children: ComponentChildren }) {
  return (
    <button type="button" class="go" onClick={() => context.set(view ? { ...to, view } : to)}>
      {children}
    </button>
  );
}

export const NeuronLinks = ({ context, neurons, most = 8 }: { context: Context; neurons: number[]; most?: number }) => (
  <>
    {neurons.slice(0, most).map((i) => (
      <Go key={i} context={context} to={{ neuron: i }} view="neuron">n{i}</Go>
    ))}
    {neurons.length > most && <span> and {neurons.length - most} more</span>}
  </>
);

/** Previous, next and at random among so many. */
export function Walk({ at, count, go, what }: { at: number; count: number; go(i: number): void; what: string }) {
  const lucky = useRef(0);
  const next = () => {
    // A fixed walk through all of them that looks random: no seed is needed, and none is met twice in a row.
    lucky.current = (at + Math.max(1, Math.round(count * 0.618))) % count;
    go(lucky.current);
  };
  return (
    <div class="walk" role="group" aria-label={`Other ${what}s`}>
      <button type="button" onClick={() => go((at + count - 1) % count)} aria-label={`Previous ${what}`}>←</button>
      <button type="button" onClick={() => go((at + 1) % count)} aria-label={`Next ${what}`}>→</button>
      <button type="button" onClick={next}>lucky</button>
    </div>
  );
}

export const Facts = ({ rows }: { rows: [string, ComponentChildren][] }) => (
  <dl class="facts">
    {rows.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{typeof value === "number" ? num(value) : value}</dd>
      </div>
    ))}
  </dl>
);
