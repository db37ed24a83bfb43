import { type Jsonata, jsonata } from "../asl/jsonata";
import { capturePart, variantCapacity } from "../endpoint/kinds";
import { freshName, shortHash, versionName } from "../names";
import type { Workflow } from "../settings";

/** JSONata: the names of what a release creates. */
export interface ReleaseNames {
  readonly model: Jsonata;
  readonly config: Jsonata;
  /** Whether an existing resource of the same name is identical. */
  readonly reusable: boolean;
}

/** Names from the execution that trained the model. */
export function namesOfExecution({ settings }: Workflow): ReleaseNames {
  return {
    model: freshName(settings, "model", "ModelName"),
    config: freshName(settings, "config", "EndpointConfigName"),
    reusable: false,
  };
}

/**
 * Names from the version and, for the configuration, from its settings: a second release creates nothing.
 *
 * A serverless endpoint has a separate model, with other environment variables and without a network.
 */
export function namesOfVersion({ settings, references }: Workflow): ReleaseNames {
  const { endpoint } = settings;
  const content = {
    VariantName: endpoint.variantName,
    ...variantCapacity(endpoint),
    ...capturePart(endpoint, references),
  };
  const model = versionName(settings, "model");
  return {
    model: endpoint.kind === "serverless" ? jsonata`${model} & "-serverless"` : model,
    config: jsonata`${versionName(settings, "config")} & "-" & ${shortHash(JSON.stringify(content))}`,
    reusable: true,
  };
}
