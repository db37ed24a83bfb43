"""The sources of the expected values.

"Recorded" means that AWS returned this value: the named project has AWS's responses next to its
tests, or states that the case was run there. The inputs here are our own.
"""

SPEC = "https://states-language.net/"
PATHS = "https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html"
FUNCTIONS = "https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"
CHOICE = "https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html"
RESULT_PATH = "https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultpath.html"

RECORDED = "recorded: localstack/localstack, tests/aws/services/stepfunctions/**/*.snapshot.json"
CONFORMANCE = "recorded: gabrielmoreira/tiny-asl-machine, cases marked as run on AWS"
FLOCI = "recorded: floci-io/floci, StepFunctionsIntrinsicMissingArgumentIntegrationTest"
PIPELINE = "recorded: aws-samples/aws-codepipeline-custom-action#3"
LOCALSTACK_11369 = "recorded: localstack/localstack#11369"

JAYWAY = "https://github.com/json-path/JsonPath#readme, the dialect that AWS evaluates"
JAVA = "java.util.HashSet and toString, whose order and texts the recorded answers have"
OURS = "a refusal or a text of the emulator's own"
