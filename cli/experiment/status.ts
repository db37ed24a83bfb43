import { findEndpoint } from "./endpoint";
import { runningExperiments } from "./schedules";
import { type ExperimentTarget, pastExperiments, readDecision } from "./target";
import { decisionText } from "./text";

/** The test that runs, or else the one that the endpoint still serves, or else the latest. */
export async function statusOf(target: ExperimentTarget): Promise<string> {
  const { environment } = target;
  const [running] = await runningExperiments(environment);
  const found =
    running ?? (await findEndpoint(environment))?.experiment ?? (await pastExperiments(target))[0];
  if (found === undefined) return `There was no A/B test in ${environment.name} yet.`;
  return decisionText(environment.name, found, running !== undefined, await readDecision(target, found));
}
