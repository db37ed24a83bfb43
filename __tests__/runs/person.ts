/** A person with a role in an emulator's account, which has exactly the permissions that a test gives. */

import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SFNClient } from "@aws-sdk/client-sfn";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { PolicyDocument } from "../grants";
import type { TestCloud } from "./cloud";

export class Person {
  private constructor(
    private readonly cloud: TestCloud,
    private readonly role: string,
    /** Clients with the role's credentials, by their names in `Aws`. */
    readonly clients: Readonly<Record<"s3" | "sagemaker" | "sfn" | "sts", () => object>>,
  ) {}

  static async create(cloud: TestCloud, RoleName: string, document: PolicyDocument): Promise<Person> {
    const trust = { Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const { Role } = await cloud.aws
      .iam()
      .send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const session = { RoleArn: Role?.Arn, RoleSessionName: "person" };
    const { Credentials } = await cloud.aws.sts().send(new AssumeRoleCommand(session));
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
    const { endpoint, region } = cloud.aws.connection;
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    const config = { endpoint, region, credentials };
    const [s3, sagemaker, sfn, sts] = [
      new S3Client({ ...config, forcePathStyle: true }),
      new SageMakerClient(config),
      new SFNClient(config),
      new STSClient(config),
    ];
    const clients = { s3: () => s3, sagemaker: () => sagemaker, sfn: () => sfn, sts: () => sts };
    const person = new Person(cloud, RoleName, clients);
    await person.allowOnly(document);
    return person;
  }

  async allowOnly(document: PolicyDocument): Promise<void> {
    const policy = { RoleName: this.role, PolicyName: "permissions" };
    await this.cloud.aws
      .iam()
      .send(new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify(document) }));
  }

  async denials(action: string): Promise<number> {
    const uses = (await this.cloud.audit()).find(({ name }) => name === this.role)?.uses ?? [];
    return uses.reduce((sum, use) => sum + (use.action === action ? use.denied : 0), 0);
  }
}
