// Points in a plane: what a concept or a neuron looks like.

import type { ComponentChildren, RefObject } from "preact";
import { num } from "./words";

export interface Window {
  x(value: number): number;
  y(value: number): number;
  left: number;
  right: number;
  bottom: number;
  top: number;
}

export type Pair = [number, number];
export const SIZE = 520;
const PAD = 26;

/** A window around points; both axes have one scale, so that right angles are right. */
export function windowOf(points: Pair[], pad = PAD): Window {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 1e-9) / 2;
  const scale = (SIZE / 2 - pad) / span;
  const reach = SIZE / 2 / scale;
  return {
    x: (value) => SIZE / 2 + (value - middle[0]) * scale,
    y: (value) => SIZE / 2 - (value - middle[1]) * scale,
    left: middle[0] - reach,
    right: middle[0] + reach,
    bottom: middle[1] - reach,
    top: middle[1] + reach,
  };
}

/** The corners of the convex hull, by Andrew's monotone chain. */
export function hull(points: Pair[]): Pair[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.length < 3) return sorted;
  const half = (list: Pair[]) => {
    const chain: Pair[] = [];
    for (const p of list) {
      while (chain.length > 1) {
        const [a, b] = chain.slice(-2);
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** The part inside the window of the line a·x + b·y + c = 0, and of the side where it is positive. */
export function halfPlane(a: number, b: number, c: number, w: Window): { line: Pair[]; side: Pair[] } {
  const corners: Pair[] = [[w.left, w.bottom], [w.right, w.bottom], [w.right, w.top], [w.left, w.top]];
  const value = (p: Pair) => a * p[0] + b * p[1] + c;
  const [line, side]: [Pair[], Pair[]] = [[], []];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % 4];
    const [here, there] = [value(from), value(to)];
    if (here > 0) side.push(from);
    if (here > 0 !== there > 0) {
      const t = here / (here - there);
      const cut: Pair = [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
      line.push(cut);
      side.push(cut);
    }
  });
  return { line, side };
}

export const path = (points: Pair[], w: Window, closed = true) =>
  points.length ? `M${points.map((p) => `${w.x(p[0]).toFixed(1)} ${w.y(p[1]).toFixed(1)}`).join("L")}${closed ? "Z" : ""}` : "";

export type Mark = "in" | "out" | "miss" | "false";

/** A point's mark differs in shape too: a disk, a dot, a ring for what is missed, a cross for what is taken. */
export function Dot({ mark, x, y, title }: { mark: Mark; x: number; y: number; title?: string }) {
  const r = 3.4;
  const name = title && <title>{title}</title>;
  if (mark === "false") return <path class="dot false" d={`M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`}>{name}</path>;
  return <circle class={`dot ${mark}`} cx={x} cy={y} r={mark === "out" ? 1.7 : mark === "miss" ? 4 : 2.8}>{name}</circle>;
}

interface PictureProps {
  label: string;
  window: Window;
  axes: [string, string];
  box?: RefObject<SVGSVGElement>;
  children: ComponentChildren;
}

export function Picture({ label, window: w, axes, children }: PictureProps) {
  const ticks = (low: number, high: number) => {
    const step = 10 ** Math.floor(Math.log10((high - low) / 3));
    const by = [1, 2, 5, 10].map((f) => f * step).find((s) => (high - low) / s <= 6) ?? step;
    const first = Math.ceil(low / by);
    return Array.from({ length: Math.floor(high / by) - first + 1 }, (_, i) => (first + i) * by);
  };
  return (
    <svg class="picture" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={label}>
      <rect class="frame" x="0.5" y="0.5" width={SIZE - 1} height={SIZE - 1} />
      {children}
      {ticks(w.left, w.right).filter((t) => w.x(t) > 40 && w.x(t) < SIZE - 20).map((t) => (
        <g key={t} class="tick"><line x1={w.x(t)} x2={w.x(t)} y1={SIZE - 5} y2={SIZE} /><text x={w.x(t)} y={SIZE - 8} text-anchor="middle">{num(Math.abs(t) < 1e-12 ? 0 : t, 2)}</text></g>
      ))}
      {ticks(w.bottom, w.top).filter((t) => w.y(t) > 36 && w.y(t) < SIZE - 40).map((t) => (
        <g key={t} class="tick"><line x1={0} x2={5} y1={w.y(t)} y2={w.y(t)} /><text x={8} y={w.y(t) + 4}>{num(Math.abs(t) < 1e-12 ? 0 : t, 2)}</text></g>
      ))}
      <text class="axis" x={SIZE - 8} y={SIZE - 24} text-anchor="end">{axes[0]}</text>
      <text class="axis" x={12} y={18}>{axes[1]}</text>
    </svg>
  );
}

/** A point as it is: an image where the data are images, else its coordinates as bars around zero. */
export function Sample({ values, image, label }: { values: number[]; image: [number, number] | null; label: string }) {
  const [height, width] = image ?? [1, values.length];
  if (image) {
    const most = Math.max(...values, 1e-9);
    return (
      <svg class="sample" viewBox={`0 0 ${width} ${height}`} width={56} height={56} role="img" aria-label={label}>
        {values.map((v, i) => <rect key={i} x={i % width} y={Math.floor(i / width)} width="1.02" height="1.02" class="ink" fill-opacity={Math.max(v, 0) / most} />)}
      </svg>
    );
  }
  const most = Math.max(...values.map(Math.abs), 1e-9);
  return (
    <svg class="sample" viewBox={`0 0 ${width * 4} 36`} width={Math.min(120, width * 4 + 8)} height={36} preserveAspectRatio="none" role="img" aria-label={`${label}: ${values.map((v) => num(v, 2)).join(", ")}`}>
      <line class="zero" x1="0" x2={width * 4} y1="18" y2="18" />
      {values.map((v, i) => <rect key={i} class="ink" x={i * 4 + 0.5} width="3" y={v > 0 ? 18 - (17 * v) / most : 18} height={Math.max(0.3, (17 * Math.abs(v)) / most)} />)}
    </svg>
  );
}
