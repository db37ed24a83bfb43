"""The runtime's calls of AWS, on disk."""

import shutil

from botocore.exceptions import ClientError


class DiskS3:
    """The runtime's calls of an S3 client, on files; every key is a flat file name."""

    def __init__(self, folder):
        self._folder = folder
        self._folder.mkdir()

    def _path(self, bucket, key):
        if bucket != "bucket":
            raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": bucket}}, "S3")
        return self._folder / key.replace("/", "|")

    def put(self, key, body):
        self._path("bucket", key).write_bytes(body if isinstance(body, bytes) else body.encode())

    def get(self, key):
        return self._path("bucket", key).read_bytes()

    def names(self):
        return sorted(path.name.replace("|", "/") for path in self._folder.iterdir())

    def get_object(self, Bucket, Key):
        try:
            return {"Body": self._path(Bucket, Key).open("rb")}
        except FileNotFoundError as error:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "S3") from error

    def delete_object(self, Bucket, Key):
        self._path(Bucket, Key).unlink(missing_ok=True)

    def upload_file(self, path, bucket, key, ExtraArgs=None):
        shutil.copy(path, self._path(bucket, key))

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Prefix):
        self._path(Bucket, Prefix)
        yield {"Contents": [{"Key": key} for key in self.names() if key.startswith(Prefix)]}


class FakeAws:
    def __init__(self, folder):
        self.s3 = DiskS3(folder)
        self.logs = {}
        self.log_calls = 0
        self.metrics = []

    def client(self, service, role_arn):
        assert service == "s3"
        return self.s3

    def environment(self, role_arn):
        return {"AWS_ACCESS_KEY_ID": "AKIAROLE", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    def put_metrics(self, namespace, dimensions, metrics):
        self.metrics += [(namespace, dimensions, one.name, one.value) for one in metrics]

    def write_log(self, group, stream, lines):
        self.log_calls += 1
        self.logs.setdefault((group, stream), []).extend(lines)

    def log(self, group):
        """All lines of a group's streams."""
        return [line for (name, _), lines in self.logs.items() if name == group for line in lines]
