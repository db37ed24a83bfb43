import type { TaskState } from "../../../workflow/asl/states";
import { lifecycleRules } from "../../../workflow/bucket";
import { releaseDefinition } from "../../../workflow/definition";
import { captureSettings } from "../../../workflow/endpoint/capture";
import {
  captureOf,
  type EndpointProps,
  endpointSettings,
  overEndpoint,
} from "../../../workflow/endpoint/kinds";
import { policyDocument } from "../../../workflow/iam";
import { sageMakerRoles } from "../../../workflow/roles";
import { namesOfVersion } from "../../../workflow/steps/release-names";
import { references, workflow } from "../../fixtures";

const key = "arn:aws:kms:us-east-1:123456789012:key/1";
const endpoint: EndpointProps = { capture: { percentage: 20 } };

function request(props: EndpointProps, kmsKeyArn?: string) {
  const { States } = releaseDefinition(workflow({ endpoint: props }, { kmsKeyArn })).definition;
  return (States.CreateEndpointConfig as TaskState).Arguments.DataCaptureConfig;
}

it("is in the request of an endpoint configuration, with both directions and the bucket's key", () => {
  expect(request(endpoint, key)).toEqual({
    EnableCapture: true,
    InitialSamplingPercentage: 20,
    DestinationS3Uri: "s3://housing-dev-bucket/data-capture",
    KmsKeyId: key,
    CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
    CaptureContentTypeHeader: {
      CsvContentTypes: ["text/csv"],
      JsonContentTypes: ["application/json", "application/jsonlines"],
    },
  });
  expect(request({})).toBeUndefined();
});

it("is written by the role that serves, under its prefix only, and expires", () => {
  const settings = (props: EndpointProps) => workflow({ endpoint: props }).settings;
  const written = (props: EndpointProps) =>
    policyDocument(sageMakerRoles(settings(props), references).serving.policyStatements)
      .Statement.filter(({ Action }) => Action.includes("s3:PutObject"))
      .flatMap(({ Resource }) => Resource);
  const output = "arn:aws:s3:::housing-dev-bucket/scoring-output/*";
  expect(written(endpoint)).toEqual([output, "arn:aws:s3:::housing-dev-bucket/data-capture/*"]);
  expect(written({})).toEqual([output]);
  const rules = (props: EndpointProps) => lifecycleRules(captureOf(endpointSettings(props)));
  expect(rules({ capture: { percentage: 1, retentionInDays: 7 } }).slice(-3)).toEqual([
    { id: "captured-requests", prefix: "data-capture/", expirationDays: 7, noncurrentVersionDays: 1 },
    { id: "monitor-reports", prefix: "monitoring/reports/", expirationDays: 7, noncurrentVersionDays: 1 },
    { id: "monitor-latest", prefix: "monitoring/latest/", expirationDays: 7, noncurrentVersionDays: 1 },
  ]);
  expect(rules({}).map(({ id }) => id)).not.toContain("captured-requests");
});

it.each([
  [{ percentage: 0 }, "percentage must be a whole number from 1 to 100, got 0: to capture nothing, leave"],
  [{ percentage: 101 }, "got 101"],
  [{ percentage: 2.5 }, "got 2.5"],
  [{ percentage: 1, prefix: "captured" }, 'and end with /, got "captured"'],
  [{ percentage: 1, prefix: "/captured/" }, "endpoint.capture.prefix must be letters, digits and / _ . -"],
  [{ percentage: 1, prefix: "model-artifacts/captured/" }, "must not overlap model-artifacts/"],
  [{ percentage: 1, prefix: "monitoring/" }, "must not overlap monitoring/reports/"],
  [{ percentage: 1, retentionInDays: 0 }, "retentionInDays must be a whole number of 1 or more, got 0"],
])("%j is refused", (capture, message) => {
  expect(() => captureSettings(capture)).toThrow(message);
});

it("is refused of a serverless endpoint", () => {
  const serverless = { kind: "serverless", ...endpoint } as EndpointProps;
  expect(() => endpointSettings(serverless)).toThrow(
    'endpoint.capture must not be set, because AWS captures no requests of a serverless endpoint: omit it, or set endpoint.kind to "instance"',
  );
});

it("names the configuration of a version by its capture, too, so that a changed one is not taken for the same", () => {
  const name = (props: EndpointProps, kmsKeyArn?: string) =>
    namesOfVersion(workflow({ endpoint: props }, { kmsKeyArn })).config;
  const names = [name({}), name(endpoint), name({ capture: { percentage: 21 } }), name(endpoint, key)];
  expect(new Set(names).size).toBe(names.length);
  // Days change the bucket, and no configuration.
  expect(name({ capture: { percentage: 20, retentionInDays: 7 } })).toBe(name(endpoint));
});

it("keeps what an environment does not change", () => {
  const base: EndpointProps = { capture: { percentage: 100, prefix: "captured/" } };
  expect(overEndpoint(base, endpoint)).toEqual({ capture: { percentage: 20, prefix: "captured/" } });
  expect(overEndpoint(base, { instanceType: "ml.m5.large" })).toEqual({
    ...base,
    instanceType: "ml.m5.large",
  });
  expect(overEndpoint(base, { kind: "serverless" })).toEqual({ kind: "serverless" });
});

it.each(["data-capture/raw/", "data-capture/"])(
  "is not mixed with raw data under %s, which would expire",
  (prefix) => {
    expect(() => workflow({ endpoint, data: { prefix } })).toThrow(
      `data.prefix must not overlap endpoint.capture.prefix, whose objects expire, got "${prefix}" and "data-capture/"`,
    );
    workflow({ endpoint, data: { bucketName: "elsewhere", prefix } });
    workflow({ data: { prefix } });
  },
);
