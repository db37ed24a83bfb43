/** The kinds of endpoint: the settings of each, and what AWS excludes. */

import type { JsonObject } from "../asl/jsonata";
import { type CaptureProps, type CaptureSettings, captureSettings, dataCaptureConfig } from "./capture";

/** Adds and removes instances to keep the requests per minute and instance at a target. */
export interface AutoscalingSettings {
  /** At least 1. */
  readonly minInstances: number;
  readonly maxInstances: number;
  /** Target of requests per minute and instance: SageMakerVariantInvocationsPerInstance. */
  readonly invocationsPerInstance: number;
}

/** How traffic moves to an update, if there are always at least two instances. */
export interface UpdateSettings {
  /** First a canary of one instance and then all, or a quarter of the instances at a time. */
  readonly shift: "canary" | "linear";
  /** How long the canary, or each quarter, is observed, in seconds. */
  readonly waitSeconds: number;
  /** How long the old instances stay after all traffic has moved, in seconds; alarms still roll back then. */
  readonly terminationSeconds: number;
}

/** An endpoint on instances, which cost money while they are up. */
export interface InstanceEndpoint {
  readonly kind: "instance";
  readonly variantName: string;
  readonly instanceType: string;
  readonly initialInstanceCount: number;
  readonly initialVariantWeight: number;
  readonly update: UpdateSettings;
  /** Without it the number of instances is fixed. */
  readonly autoscaling?: AutoscalingSettings;
  /** Without it, no request is captured. */
  readonly capture?: CaptureSettings;
}

/** An endpoint that costs money only for requests; its first response after a pause is slow. */
interface ServerlessEndpoint {
  readonly kind: "serverless";
  readonly variantName: string;
  /** 1024 to 6144, in steps of 1024. */
  readonly memorySizeInMB: number;
  /** Concurrent requests, 1 to 200; more are throttled. */
  readonly maxConcurrency: number;
}

export type EndpointSettings = InstanceEndpoint | ServerlessEndpoint;

export type EndpointKind = EndpointSettings["kind"];

/** The endpoint in a workflow's props; the default `kind` is `instance`. */
export type EndpointProps =
  | ({
      readonly kind?: "instance";
      readonly update?: Partial<UpdateSettings>;
      readonly capture?: CaptureProps;
    } & Partial<Omit<InstanceEndpoint, "kind" | "update" | "capture">>)
  | ({ readonly kind: "serverless" } & Partial<Omit<ServerlessEndpoint, "kind">>);

/** Serverless memory sizes, in MB. */
export const memorySizes: readonly number[] = [1024, 2048, 3072, 4096, 5120, 6144];

/** Why a serverless endpoint has no capture. */
export const noServerlessCapture = "AWS captures no requests of a serverless endpoint";

/** Maximum of concurrent requests of one serverless endpoint. */
export const mostConcurrency = 200;

/** The capture of an endpoint; a serverless one has none. */
export function captureOf(endpoint: EndpointSettings): CaptureSettings | undefined {
  return endpoint.kind === "instance" ? endpoint.capture : undefined;
}

/** The settings that decide an endpoint's number of instances; a serverless one has none. */
const ofInstances = [
  "instanceType",
  "initialInstanceCount",
  "initialVariantWeight",
  "update",
  "autoscaling",
  "capture",
] as const;
const ofServerless = ["memorySizeInMB", "maxConcurrency"] as const;

/** Overrides one endpoint's props with another's: key by key for the same kind, completely for another kind. */
export function overEndpoint(base: EndpointProps = {}, over: EndpointProps | undefined): EndpointProps {
  if (over === undefined) return base;
  const isSame = (base.kind ?? "instance") === (over.kind ?? "instance");
  if (!isSame) return over;
  const merged: Record<string, unknown> = { ...base, ...over };
  for (const key of ["update", "capture"]) {
    const [lower, upper] = [base, over].map((props) => (props as Record<string, object | undefined>)[key]);
    if (lower !== undefined && upper !== undefined) merged[key] = { ...lower, ...upper };
  }
  return merged as EndpointProps;
}

/**
 * Fills in the defaults.
 *
 * @param hasVpc whether the workflow has a network of its own
 * @throws Error if a value is invalid, or AWS excludes it for the kind
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
export function endpointSettings(props: EndpointProps = {}, hasVpc = false): EndpointSettings {
  const kind = props.kind ?? "instance";
  if (kind !== "instance" && kind !== "serverless") {
    throw new Error(`endpoint.kind must be "instance" or "serverless", got "${kind}"`);
  }
  refuseOtherKind(props, kind);
  return props.kind === "serverless" ? serverless(props, hasVpc) : onInstances(props);
}

function refuseOtherKind(props: EndpointProps, kind: EndpointKind): void {
  const [wrong, other] =
    kind === "serverless" ? [ofInstances, "instance" as const] : [ofServerless, "serverless" as const];
  const given = wrong.filter((name) => (props as Record<string, unknown>)[name] !== undefined);
  if (given.length === 0) return;
  const names = given.map((name) => `endpoint.${name}`).join(", ");
  const why =
    kind === "instance"
      ? "instances have neither"
      : given.every((name) => name === "capture")
        ? noServerlessCapture
        : "a serverless endpoint has no instances";
  throw new Error(`${names} must not be set, because ${why}: omit it, or set endpoint.kind to "${other}"`);
}

function serverless(
  props: Extract<EndpointProps, { kind: "serverless" }>,
  hasVpc: boolean,
): ServerlessEndpoint {
  const { variantName = "primary", memorySizeInMB = 2048, maxConcurrency = 5 } = props;
  if (hasVpc) {
    throw new Error(
      'vpc: SageMaker has no serverless endpoints in a VPC; leave vpc out, or set endpoint.kind to "instance"',
    );
  }
  if (!memorySizes.includes(memorySizeInMB)) {
    throw new Error(
      `endpoint.memorySizeInMB must be one of ${memorySizes.join(", ")}, got ${memorySizeInMB}`,
    );
  }
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1 || maxConcurrency > mostConcurrency) {
    throw new Error(
      `endpoint.maxConcurrency must be a whole number from 1 to ${mostConcurrency}, got ${maxConcurrency}`,
    );
  }
  return { kind: "serverless", variantName, memorySizeInMB, maxConcurrency };
}

function onInstances(props: Extract<EndpointProps, { kind?: "instance" }>): InstanceEndpoint {
  const { autoscaling } = props;
  const endpoint: InstanceEndpoint = {
    kind: "instance",
    variantName: props.variantName ?? "primary",
    instanceType: props.instanceType ?? "ml.t2.medium",
    initialInstanceCount: props.initialInstanceCount ?? autoscaling?.minInstances ?? 1,
    initialVariantWeight: props.initialVariantWeight ?? 1,
    update: checkedUpdate({ shift: "canary", waitSeconds: 300, terminationSeconds: 120, ...props.update }),
    ...(autoscaling && { autoscaling }),
    ...(props.capture && { capture: captureSettings(props.capture) }),
  };
  if (autoscaling !== undefined) checkAutoscaling(endpoint, autoscaling);
  if (!isCount(endpoint.initialInstanceCount)) {
    throw new Error(
      `endpoint.initialInstanceCount must be a whole number of 1 or more, got ${endpoint.initialInstanceCount}`,
    );
  }
  return endpoint;
}

/** Limit of all waits of an update together, in seconds, because a release waits an hour for its end. */
const longestUpdateSeconds = 3000;

/** The total of an update's waits, in seconds. */
export function updateWaitSeconds({ shift, waitSeconds, terminationSeconds }: UpdateSettings): number {
  return (shift === "linear" ? linearSteps : 1) * waitSeconds + terminationSeconds;
}

/** The number of steps of a linear update. */
export const linearSteps = 4;

function checkedUpdate(update: UpdateSettings): UpdateSettings {
  const { shift, waitSeconds, terminationSeconds } = update;
  for (const [name, value] of Object.entries({ waitSeconds, terminationSeconds })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new Error(`endpoint.update.${name} must be a whole number of seconds, 0 or more, got ${value}`);
    }
  }
  if (shift !== "canary" && shift !== "linear") {
    throw new Error(`endpoint.update.shift must be "canary" or "linear", got "${shift}"`);
  }
  const total = updateWaitSeconds(update);
  if (total > longestUpdateSeconds) {
    throw new Error(
      `The waits of endpoint.update must be at most ${longestUpdateSeconds} s in total, got ${total} s: reduce waitSeconds${shift === "linear" ? `, which counts ${linearSteps} times,` : ""} or terminationSeconds`,
    );
  }
  return update;
}

function checkAutoscaling(
  { instanceType, initialInstanceCount: initial }: InstanceEndpoint,
  { minInstances: min, maxInstances: max, invocationsPerInstance: target }: AutoscalingSettings,
): void {
  if (!isCount(min) || !isCount(max) || min > initial || initial > max) {
    throw new Error(
      `endpoint: 1 <= autoscaling.minInstances <= initialInstanceCount <= autoscaling.maxInstances must hold in whole numbers, got ${min}, ${initial}, ${max}`,
    );
  }
  if (!(target > 0) || !Number.isFinite(target)) {
    throw new Error(
      `endpoint.autoscaling.invocationsPerInstance must be a number of requests a minute above 0, got ${target}`,
    );
  }
  // https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
  if (instanceType.startsWith("ml.t2.")) {
    throw new Error(
      `endpoint.autoscaling: AWS does not scale burstable instances such as ${instanceType}; set endpoint.instanceType, such as ml.m5.large, or leave autoscaling out`,
    );
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** The smallest number of instances that the endpoint may have. */
export function fewestInstances(endpoint: EndpointSettings): number {
  if (endpoint.kind === "serverless") return 0;
  return endpoint.autoscaling?.minInstances ?? endpoint.initialInstanceCount;
}

/** The part of a production variant in CreateEndpointConfig that decides what it runs on. */
export function variantCapacity(endpoint: EndpointSettings): JsonObject {
  if (endpoint.kind === "serverless") {
    const { memorySizeInMB, maxConcurrency } = endpoint;
    return { ServerlessConfig: { MemorySizeInMB: memorySizeInMB, MaxConcurrency: maxConcurrency } };
  }
  return {
    InstanceType: endpoint.instanceType,
    InitialInstanceCount: endpoint.initialInstanceCount,
    InitialVariantWeight: endpoint.initialVariantWeight,
  };
}

/** The part of CreateEndpointConfig that captures requests; none without a capture. */
export function capturePart(
  endpoint: EndpointSettings,
  references: { readonly bucketName: string; readonly kmsKeyArn?: string },
): JsonObject {
  const capture = captureOf(endpoint);
  return capture === undefined ? {} : { DataCaptureConfig: dataCaptureConfig(capture, references) };
}
