import type { EnvironmentConfig } from "../../configuration/environment-schema";
import { hasRecipients } from "../../workflow/monitoring/notifications";
import type { AcceptedFinding } from "./findings";

const withoutKey = ({ kmsKeyArn }: EnvironmentConfig) => kmsKeyArn === undefined;
const testsVariants = ({ experiments }: EnvironmentConfig) => experiments;
const tells = ({ notifications }: EnvironmentConfig) => hasRecipients(notifications);
const inVpc = ({ vpc }: EnvironmentConfig) => vpc !== undefined;

/** What checkov (CKV…) and parliament find and we leave as it is. */
export const accepted: readonly AcceptedFinding[] = [
  {
    check: "CKV_AWS_145",
    resource: /^Workflow\/Artifacts\/Resource$/,
    where: withoutKey,
    reason: "S3 encrypts with its own key; an environment that wants a key of its own says kmsKeyArn",
  },
  {
    check: "CKV_AWS_158",
    resource: /\/LogGroup$/,
    where: withoutKey,
    reason: "CloudWatch Logs encrypts with its own key; an environment that wants another one says kmsKeyArn",
  },
  {
    check: "CKV_AWS_297",
    resource: /^Workflow\/Schedule\/Resource$/,
    where: (environment) => environment.schedule !== undefined && withoutKey(environment),
    reason: "the schedule holds an empty input; an environment that wants a key of its own says kmsKeyArn",
  },
  {
    check: "CKV_AWS_338",
    resource: /\/LogGroup$/,
    where: ({ retention }) => retention.logsInDays < 365,
    reason: "how long logs are kept is each environment's decision; checkov would have a year everywhere",
  },
  {
    check: "CKV_AWS_18",
    resource: /^Workflow\/Artifacts\/Resource$/,
    reason:
      "access logs need a second bucket, one for a whole account; who must know each read turns on CloudTrail data events",
  },
  {
    check: "CKV_AWS_144",
    resource: /^Workflow\/Artifacts\/Resource$/,
    reason:
      "a copy in a second region is a decision on where data may be; versions guard against mistakes here",
  },
  {
    check: "CKV2_AWS_62",
    resource: /^Workflow\/Artifacts\/Resource$/,
    reason: "nothing waits for the bucket's events: executions start by schedule or by hand",
  },
  {
    check: "CKV_AWS_115",
    resource: /^Workflow\/(Evaluation|SmokeTest|ResultsCache)\/Resource$/,
    reason:
      "an execution calls it a few times at most; a reserved share is taken from the account's, which may be 10 in all",
  },
  {
    check: "CKV_AWS_116",
    resource: /^Workflow\/(Evaluation|SmokeTest|ResultsCache)\/Resource$/,
    reason: "a dead letter queue is for asynchronous calls; the state machine waits for the answer",
  },
  {
    check: "CKV_AWS_117",
    resource: /^Workflow\/(Evaluation|SmokeTest|ResultsCache)\/Resource$/,
    reason: "they call S3, ECR or the endpoint, whose access their roles limit; they take no connections",
  },
  {
    check: "CKV_AWS_272",
    resource:
      /^Workflow\/(Evaluation|SmokeTest|ResultsCache|Experiments\/Controller|Observability\/Notifications\/(Notify|Webhook))\/Resource$/,
    reason: "Terraform uploads the reviewed source itself, by its hash; nobody else builds the archive",
  },
  {
    check: "CKV_AWS_115",
    resource: /^Workflow\/Experiments\/Controller\/Resource$/,
    where: testsVariants,
    reason:
      "a schedule calls it every few minutes; a reserved share is taken from the account's, which may be 10 in all",
  },
  {
    check: "CKV_AWS_116",
    resource: /^Workflow\/Experiments\/Controller\/Resource$/,
    where: testsVariants,
    reason:
      "a look that fails is made good by the next one, five minutes later; nothing is lost with its event",
  },
  {
    check: "CKV_AWS_117",
    resource: /^Workflow\/Experiments\/Controller\/Resource$/,
    where: testsVariants,
    reason: "it calls AWS's own services only, as its role lets it; it takes no connections",
  },
  {
    check: "CKV_AWS_115",
    resource: /^Workflow\/Observability\/Notifications\/(Notify|Webhook)\/Resource$/,
    where: tells,
    reason: "an execution or an alarm calls it once; a reserved share is taken from the account's",
  },
  {
    check: "CKV_AWS_116",
    resource: /^Workflow\/Observability\/Notifications\/(Notify|Webhook)\/Resource$/,
    where: tells,
    reason:
      "Lambda tries twice more, then an alarm goes off; what was not told stands in the execution itself",
  },
  {
    check: "CKV_AWS_117",
    resource: /^Workflow\/Observability\/Notifications\/(Notify|Webhook)\/Resource$/,
    where: tells,
    reason: "they call AWS, and the webhook's URL, which is outside; they take no connections",
  },
  {
    check: "CKV_AWS_173",
    resource: /^Workflow\/Experiments\/Controller\/Resource$/,
    where: (environment) => testsVariants(environment) && tells(environment),
    reason: "its one variable is the topic's ARN",
  },
  {
    check: "CKV_AWS_173",
    resource: /^Workflow\/ResultsCache\/Resource$/,
    reason: "its variables are the beginnings of keys in the bucket",
  },
  {
    check: "CKV_AWS_173",
    resource: /^Workflow\/Observability\/Notifications\/(Notify|Webhook)\/Resource$/,
    where: tells,
    reason: "the variables are names and texts; the webhook's URL lies in a SecureString parameter",
  },
  {
    check: "CKV_AWS_285",
    resource: /^Workflow\/(StateMachine|Release|Monitor|Retrain)\/Resource$/,
    reason: "everything is logged but the execution data, which could hold what nobody should read in a log",
  },
  {
    check: "CREDENTIALS_EXPOSURE",
    resource: /Role\/Resource$/,
    reason: "a trust policy is nothing but sts:AssumeRole, for the one service that it names",
  },
  {
    check: "CREDENTIALS_EXPOSURE",
    resource: /^Workflow\/(SageMaker|Preprocessing|Training|Comparison|Monitor)Role\/Policy$/,
    reason:
      "SageMaker pulls the image with ecr:GetAuthorizationToken; the token opens what the role may pull",
  },
  {
    check: "PERMISSIONS_MANAGEMENT_ACTIONS",
    resource: /^Workflow\/(SageMaker|Preprocessing|Training|Comparison|Monitor)Role\/Policy$/,
    where: inVpc,
    reason:
      "with a network interface's permission SageMaker's own account may attach it to the job's machine",
  },
  {
    check: "PERMISSIONS_MANAGEMENT_ACTIONS",
    resource: /^Workflow\/(StateMachine|Release|Monitor|Retrain)\/Role\/Policy$/,
    reason:
      "iam:PassRole hands over the roles of jobs and of what serves to one service; Step Functions itself writes the log's policy with logs:PutResourcePolicy, and Application Auto Scaling makes one role of its own with iam:CreateServiceLinkedRole",
  },
  {
    check: "PERMISSIONS_MANAGEMENT_ACTIONS",
    resource: /^Workflow\/Observability\/Notifications\/Key$/,
    where: (environment) => tells(environment) && withoutKey(environment),
    reason: "without the account's administrators in its policy a key could be lost for ever",
  },
  {
    check: "RESOURCE_MISMATCH",
    resource: /^Workflow\/Retrain\/Role\/Policy$/,
    where: ({ retraining }) => retraining !== undefined,
    reason:
      "parliament knows states:ListExecutions for map runs only; AWS lists it for state machines, too, and the role needs those of one",
  },
  {
    check: "RESOURCE_MISMATCH",
    resource: /^Workflow\/(StateMachine|Release)\/Role\/Policy$/,
    reason:
      "sagemaker:UpdateEndpoint is allowed on endpoints with the workflow's tag and, in a statement without that condition, on configurations",
  },
  {
    check: "RESOURCE_MISMATCH",
    resource: /^Workflow\/Observability\/Notifications\/Notify\/Role\/Policy$/,
    where: tells,
    reason: "the linter's list has express executions only; these state machines are standard ones",
  },
  {
    check: "RESOURCE_STAR",
    resource: /^Workflow\/Observability\/Notifications\/Key$/,
    where: (environment) => tells(environment) && withoutKey(environment),
    reason: "in a key's policy * is the key itself",
  },
];
