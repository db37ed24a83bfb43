import { type Jsonata, jsonata } from "../asl/jsonata";
import { variantCapacity } from "../endpoint/kinds";
import { freshName, shortHash, versionName } from "../names";
import type { Workflow } from "../settings";

/** JSONata for the names of what a release makes. */
export interface ReleaseNames {
  readonly model: Jsonata;
  readonly config: Jsonata;
  /** Whether a name that is taken is that of the very same thing. */
  readonly reusable: boolean;
}

/** Names after the execution that trained the model. */
export function namesOfExecution({ settings }: Workflow): ReleaseNames {
  return {
    model: freshName(settings, "model", "ModelName"),
    config: freshName(settings, "config", "EndpointConfigName"),
    reusable: false,
  };
}

/**
 * Names after the version, and for the configuration after what it runs on: a second release recreates nothing.
 *
 * The model of a serverless endpoint is another one: it has variables of its own, and no network.
 */
export function namesOfVersion({ settings }: Workflow): ReleaseNames {
  const { endpoint } = settings;
  const variant = { VariantName: endpoint.variantName, ...variantCapacity(endpoint) };
  const model = versionName(settings, "model");
  return {
    model: endpoint.kind === "serverless" ? jsonata`${model} & "-serverless"` : model,
    config: jsonata`${versionName(settings, "config")} & "-" & ${shortHash(JSON.stringify(variant))}`,
    reusable: true,
  };
}
