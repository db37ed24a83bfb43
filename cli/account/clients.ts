import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SFNClient } from "@aws-sdk/client-sfn";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { Place } from "../../workflow/arns";

// The SDK's warning about old Node.js versions is for this project's maintainers, not for its users.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** The key that signs requests. */
interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How to reach AWS or the emulator. */
export interface Connection {
  readonly region: string;
  /** Address of the emulator; without it, AWS. */
  readonly endpoint?: string;
  /** The emulator's key; required with `endpoint`. */
  readonly credentials?: AccessKey;
  /** Profile in the AWS configuration files. */
  readonly profile?: string;
  /** Role to assume with the credentials found. */
  readonly assumeRoleArn?: string;
}

/** Clients for one connection, each created on first use because loading takes time. */
export class Aws {
  constructor(readonly connection: Connection) {}

  readonly sfn = this.lazily((config) => new SFNClient(config));
  readonly sagemaker = this.lazily((config) => new SageMakerClient(config));
  readonly runtime = this.lazily((config) => new SageMakerRuntimeClient(config));
  readonly s3 = this.lazily(
    (config) => new S3Client({ ...config, forcePathStyle: config.endpoint !== undefined }),
  );
  readonly iam = this.lazily((config) => new IAMClient(config));
  readonly lambda = this.lazily((config) => new LambdaClient(config));
  readonly logs = this.lazily((config) => new CloudWatchLogsClient(config));
  readonly scheduler = this.lazily((config) => new SchedulerClient(config));
  readonly cloudwatch = this.lazily((config) => new CloudWatchClient(config));
  readonly sts = this.lazily((config) => new STSClient(config));

  #place: Promise<Place> | undefined;

  get isEmulator(): boolean {
    return this.connection.endpoint !== undefined;
  }

  /** Returns the account of the credentials, and the region; requests them once. */
  place(): Promise<Place> {
    this.#place ??= this.findPlace();
    return this.#place;
  }

  private async findPlace(): Promise<Place> {
    const { Account: account = "", Arn = "" } = await this.sts().send(new GetCallerIdentityCommand({}));
    return { partition: Arn.split(":")[1] ?? "", region: this.connection.region, account };
  }

  private lazily<Client>(make: (config: ClientConfig) => Client): () => Client {
    let client: Client | undefined;
    return () => {
      client ??= make(clientConfig(this.connection));
      return client;
    };
  }
}

type ClientConfig = ReturnType<typeof clientConfig>;

function clientConfig({ region, endpoint, credentials: key, profile, assumeRoleArn }: Connection) {
  if (endpoint === undefined) {
    const credentials =
      assumeRoleArn === undefined
        ? undefined
        : fromTemporaryCredentials({
            masterCredentials: fromNodeProviderChain({ profile }),
            clientConfig: { region },
            params: { RoleArn: assumeRoleArn, RoleSessionName: "workflow" },
          });
    return { region, endpoint: undefined, profile, credentials };
  }
  // Without a key the SDK would use the developer's own, which must never be sent to the emulator.
  if (key === undefined) throw new Error(`The connection to ${endpoint} has no access key`);
  return { region, endpoint, credentials: key };
}
