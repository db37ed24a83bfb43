import { workflowProps } from "../../configuration";
import { resourceTags } from "../../workflow/resources";
import { createBucket, secureBucket } from "../account/buckets";
import { announce, openEnvironment } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { bucketExists } from "../terraform/state-bucket";

/** Creates the bucket for Terraform's state, once per environment; running it again restores its settings. */
export async function bootstrap(name: string): Promise<void> {
  const environment = openEnvironment(name);
  const { aws, config } = environment;
  await announce(environment);
  if (config.stateBucket === undefined) {
    const { account } = await aws.place();
    const suggestion = `tfstate-${workflowProps(name).prefix}-${name}-${account}`;
    throw new UsageError(
      `Environment ${name} needs a state bucket: add stateBucket: "${suggestion}" to it in config.ts, and run the command again`,
    );
  }
  const existed = await bucketExists(environment, config.stateBucket);
  if (!existed) await createBucket(aws, config.stateBucket);
  await secureBucket(aws, config.stateBucket, {
    tags: resourceTags(workflowProps(name)),
    kmsKeyArn: config.kmsKeyArn,
  });
  print(
    `${existed ? "Checked" : "Created"} the state bucket ${config.stateBucket} (private, versioned, encrypted, TLS only). Next: npm run deploy -- ${name}`,
  );
}
