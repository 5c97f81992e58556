import type { Context } from "./ui";
export function NeuronView({ context }: { context: Context }) { return <p>{context.state.view}</p>; }
