"""SageMaker: moto's records, joined to jobs and model servers that run."""

from emulator.aws.access import EmulatedAws
from emulator.aws.sagemaker import endpoints, invocations, jobs, model_registry, records
from emulator.aws.sagemaker.invocation_metrics import InvocationMetrics
from emulator.aws.work import Work
from emulator.faults import Faults


class SageMaker:
    """The jobs and endpoints that run."""

    def __init__(self, work: Work, faults: Faults) -> None:
        self.jobs = jobs.RunningJobs(work.jobs, faults, work.check_image)
        self.endpoints = endpoints.Endpoints(work.start_model_server, faults)

    def close(self) -> None:
        """Stop all of them."""
        self.jobs.close()
        self.endpoints.close()


def install(work: Work, aws: EmulatedAws, faults: Faults) -> SageMaker:
    """Put every correction in place, and return what will run, to be stopped at the end."""
    sagemaker = SageMaker(work, faults)
    records.install(aws, work.check_image)
    model_registry.install()
    jobs.install(sagemaker.jobs)
    endpoints.install(sagemaker.endpoints)
    invocations.install(sagemaker.endpoints, InvocationMetrics())
    return sagemaker
