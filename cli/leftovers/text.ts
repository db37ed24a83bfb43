import { isEmpty, type Leftovers, writtenPrefixes } from "./find";

/** Replaces the objects, of which there are many, by their number. */
export function countObjects({ objects, ...rest }: Leftovers) {
  return { ...rest, objects: objects.length };
}

export function leftoversText(found: Leftovers): string {
  if (isEmpty(found)) return "Executions left nothing behind.";
  const rows = [
    ["running tuning job", found.tuningJobs],
    ["endpoint", found.endpoints],
    ["endpoint configuration", found.endpointConfigs],
    ["model", found.models],
    ["model package", found.modelPackages],
    ["log group", found.logGroups],
  ] as const;
  const lines = rows.flatMap(([kind, list]) =>
    list.map(({ name, since, costPerDay }) => {
      const when = since === undefined ? "" : `  since ${since.toISOString().slice(0, 16).replace("T", " ")}`;
      const cost = costPerDay === undefined ? "" : `  ≈ $${costPerDay.toFixed(2)} a day`;
      return `  ${kind.padEnd(23)} ${name}${when}${cost}`;
    }),
  );
  lines.push(...found.experiments.map((name) => `  running A/B test        ${name}`));
  if (found.logStreams.length > 0) lines.push(`  ${found.logStreams.length} log streams of jobs`);
  if (found.objects.length > 0) {
    lines.push(`  ${found.objects.length} object versions under ${writtenPrefixes.join(", ")}`);
  }
  return ["Executions created:", ...lines].join("\n");
}
