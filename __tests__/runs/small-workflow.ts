import type { WorkflowProps } from "../../workflow/props";

const folder = "__tests__/runs/small-workflow";
const script = (entryPoint: string) => ({ folder, entryPoint });

/** Compares models by what they answer. */
export const smallComparison = script("compare.py");

/** A search for the best `aim`, as small as a search can be. */
export const smallTuning: Pick<WorkflowProps, "training" | "tuning"> = {
  training: { ...script("fit.py"), hyperparameters: { behave: "well", aim: 0.7 }, metrics: ["score"] },
  tuning: {
    ranges: { aim: { kind: "continuous", min: 0, max: 1 } },
    strategy: "random",
    maxJobs: 4,
    maxParallelJobs: 2,
    seed: 1,
  },
};

/** Training on spot instances, with checkpoints. */
export const smallSpot: Pick<WorkflowProps, "training"> = {
  training: { ...script("fit.py"), hyperparameters: { behave: "well" }, spot: { maxWaitInSeconds: 3600 } },
};

/** A monitor of everything that the endpoint is sent. */
export const smallMonitor: Pick<WorkflowProps, "endpoint" | "monitor"> = {
  endpoint: { capture: { percentage: 100 } },
  monitor: script("watch.py"),
};

/** The smallest workflow that runs: its model answers 42, and the hyperparameter `behave` lets it misbehave. */
export function smallWorkflow(prefix: string, more: Partial<WorkflowProps> = {}): WorkflowProps {
  return {
    prefix,
    environment: "test",
    processing: script("prepare.py"),
    training: { ...script("fit.py"), hyperparameters: { behave: "well" } },
    inference: script("serve.py"),
    // Tests count jobs; those of the cache switch it on.
    cache: false,
    gate: { metric: "score", threshold: 0 },
    ...more,
  };
}
