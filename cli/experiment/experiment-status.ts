import { findEndpoint } from "./endpoint";
import { runningExperiments } from "./schedules";
import { type ExperimentTarget, pastExperiments, readDecision } from "./target";
import { decisionText } from "./text";

/** Shows the running test, otherwise the one still on the endpoint, otherwise the latest. */
export async function statusOf(target: ExperimentTarget): Promise<string> {
  const { environment } = target;
  const [running] = await runningExperiments(environment);
  const found =
    running ?? (await findEndpoint(environment))?.experiment ?? (await pastExperiments(target))[0];
  if (found === undefined) return `No A/B test has run in ${environment.name} yet.`;
  return decisionText(environment.name, found, running !== undefined, await readDecision(target, found));
}
